// Every flag and variable there is: its names, what it takes, and where its value goes. Adding a row adds the short
// flag, the long flag and the RUNNERBEAN_* variable; the usage text in usage.ts is checked against this table by a test.
//
// Invariant: a row writes one field of the draft; of two rows for the same field the one that comes later wins.
import type { SyncPolicy } from "../journal/binlog.ts";
import type { HttpAddress, Io, ListenAs } from "./options.ts";
import * as values from "./values.ts";

/** A value with the flag or variable it came from, kept until it can be judged. */
export interface Said {
  readonly source: string;
  readonly text: string;
}

/** What has been said so far; a missing field was not mentioned. */
export interface Draft {
  listen?: readonly Said[];
  port?: Said;
  binlogDir?: string;
  kv?: string;
  sync?: SyncPolicy;
  segmentBytes?: number;
  maxJobBytes?: number;
  user?: string;
  verbosity?: number;
  maxConnections?: number;
  maxMemoryBytes?: number;
  drainExit?: boolean;
  strict?: boolean;
  io?: Io;
  authFile?: string;
  listenAs?: readonly ListenAs[];
  tlsCert?: string;
  tlsKey?: string;
  tlsClientCa?: string;
  http?: HttpAddress;
  cors?: readonly string[];
  httpNames?: readonly string[];
  auditFile?: string;
  metricsTubes?: string;
}

/** How a text gets into the draft: false when it is not what is expected. */
export interface Reading {
  readonly expects: string;
  readonly read: (draft: Draft, said: Said) => boolean;
}

/** One row: a flag with a value, a flag that stands alone, one that ends the parsing, or one that no longer does anything. */
export type Flag = FlagNames & FlagEffect;

interface FlagNames {
  readonly short: string | null;
  readonly long: string | null;
}

type FlagEffect =
  | { readonly kind: "valued"; readonly field: keyof Draft; readonly reading: Reading }
  | {
    readonly kind: "alone";
    readonly field: keyof Draft;
    readonly apply: (draft: Draft) => void;
    /** What the variable of this name takes, since a variable always has a value. */
    readonly reading: Reading | null;
  }
  | { readonly kind: "final"; readonly outcome: "help" | "version" }
  | { readonly kind: "removed"; readonly note: string };

function into<K extends keyof Draft>(field: K, value: values.Value<NonNullable<Draft[K]>>): Reading {
  return {
    expects: value.expects,
    read(draft, said) {
      const read = values.valueOf(value, said.text);
      if (read === undefined) return false;
      draft[field] = read;
      return true;
    },
  };
}

/** Addresses are judged when the line has been read: with a unix socket the port does not matter. */
const listenLater: Reading = {
  expects: values.anyText.expects,
  read(draft, said) {
    // A variable holds several with spaces between them, a flag one.
    const isVariable = said.source.startsWith("RUNNERBEAN_");
    const texts = isVariable ? said.text.trim().split(/\s+/) : [said.text];
    draft.listen = [...draft.listen ?? [], ...texts.map((text) => ({ ...said, text }))];
    return true;
  },
};

const portLater: Reading = {
  expects: values.anyText.expects,
  read(draft, said) {
    draft.port = said;
    return true;
  },
};

function valued<K extends keyof Draft>(
  short: string | null,
  long: string | null,
  field: K,
  value: values.Value<NonNullable<Draft[K]>>,
): Flag {
  return { short, long, kind: "valued", field, reading: into(field, value) };
}

/** A flag adds its listeners to those of the flags before it. */
const furtherListeners: Reading = {
  expects: values.listenersAs.expects,
  read(draft, said) {
    const read = values.valueOf(values.listenersAs, said.text);
    if (read === undefined) return false;
    draft.listenAs = [...draft.listenAs ?? [], ...read];
    return true;
  },
};

const ALWAYS_COMPACTED = "is ignored: the binlog is always compacted";

export const FLAGS: readonly Flag[] = [
  { short: "l", long: "listen", kind: "valued", field: "listen", reading: listenLater },
  { short: "p", long: "port", kind: "valued", field: "port", reading: portLater },
  valued("b", "binlog", "binlogDir", values.folder),
  valued(null, "kv", "kv", values.kv),
  valued("f", null, "sync", values.syncInterval),
  {
    short: "F",
    long: null,
    kind: "alone",
    field: "sync",
    apply: (draft) => (draft.sync = { kind: "never" }),
    reading: null,
  },
  valued(null, "sync", "sync", values.syncPolicy),
  valued("s", "segment-bytes", "segmentBytes", values.byteCount),
  valued("z", "max-job-bytes", "maxJobBytes", values.jobByteCount),
  valued("u", "user", "user", values.anyText),
  {
    short: "V",
    long: "verbose",
    kind: "alone",
    field: "verbosity",
    apply: (draft) => (draft.verbosity = (draft.verbosity ?? 0) + 1),
    reading: into("verbosity", values.verbosityLevel),
  },
  valued(null, "max-connections", "maxConnections", values.connectionCount),
  valued(null, "max-memory", "maxMemoryBytes", values.memorySize),
  {
    short: null,
    long: "drain-exit",
    kind: "alone",
    field: "drainExit",
    apply: (draft) => (draft.drainExit = true),
    reading: into("drainExit", values.yesOrNo),
  },
  {
    short: null,
    long: "strict",
    kind: "alone",
    field: "strict",
    apply: (draft) => (draft.strict = true),
    reading: into("strict", values.yesOrNo),
  },
  valued(null, "io", "io", values.io),
  valued(null, "auth", "authFile", values.file),
  { short: null, long: "listen-as", kind: "valued", field: "listenAs", reading: furtherListeners },
  valued(null, "tls-cert", "tlsCert", values.file),
  valued(null, "tls-key", "tlsKey", values.file),
  valued(null, "tls-client-ca", "tlsClientCa", values.file),
  valued(null, "http", "http", values.httpAddress),
  valued(null, "cors", "cors", values.origins),
  valued(null, "http-name", "httpNames", values.hostNames),
  valued(null, "audit", "auditFile", values.file),
  valued(null, "metrics-tubes", "metricsTubes", values.tubePattern),
  { short: "v", long: "version", kind: "final", outcome: "version" },
  { short: "h", long: "help", kind: "final", outcome: "help" },
  { short: "c", long: null, kind: "removed", note: ALWAYS_COMPACTED },
  { short: "n", long: null, kind: "removed", note: ALWAYS_COMPACTED },
];

/** The variable that stands for a long name: `max-memory` is RUNNERBEAN_MAX_MEMORY. */
export function variableName(long: string): string {
  return `RUNNERBEAN_${long.toUpperCase().replaceAll("-", "_")}`;
}
