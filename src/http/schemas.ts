// What requests may say, and the form of answers: one schema for each value, from which the OpenAPI document is made too.
// Values of the path and the query are text; bodies are JSON.

import * as v from "valibot";
import type {
  AuditEntry,
  BodyText,
  Connection,
  ConnectionPage,
  Encoding,
  Job,
  JobPage,
  LeasedJob,
  SearchPage,
  ServerInfo,
  State,
  Tube,
  TubePage,
} from "./model.ts";
import { STATES } from "./model.ts";

export const MAX_UINT32 = 4_294_967_295;
/** Longest pause and longest delay, in seconds: what the protocol's numbers hold. */
export const MAX_SECONDS = MAX_UINT32;
/** Longest wait of a reserve, in seconds: beyond it proxies give up. */
export const MAX_WAIT_SECONDS = 300;
/** Rows of one page. */
export const MAX_LIMIT = 1000;
export const DEFAULT_PRIORITY = 1024;
export const DEFAULT_TTR = 60;

type FromText<T> = v.GenericSchema<string, T>;
type FromJson<T> = v.GenericSchema<T, T>;

/** A whole number written in the path or the query. */
export function numberText(min: number, max: number): FromText<number> {
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,16}$/, "a whole number is expected"),
    v.transform(Number),
    v.minValue(min, `at least ${min} is expected`),
    v.maxValue(max, `at most ${max} is expected`),
  );
}

/** A whole number in a body. */
export function wholeNumber(min: number, max: number): FromJson<number> {
  return v.pipe(
    v.number("a number is expected"),
    v.integer("a whole number is expected"),
    v.minValue(min, `at least ${min} is expected`),
    v.maxValue(max, `at most ${max} is expected`),
  );
}

const yes: FromText<boolean> = v.pipe(
  v.picklist(["0", "1", "true", "false"]),
  v.transform((text) => text === "1" || text === "true"),
) as FromText<boolean>;
export const flag: FromText<boolean> = yes;

/** As the protocol has it: up to 200 of its characters, the first no hyphen. */
export const tubeName: FromJson<string> = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9+/;.$_()][A-Za-z0-9+/;.$_()-]{0,199}$/,
    "a tube's name is expected: letters, digits and + / ; . $ _ ( ) -",
  ),
);

export const jobId: FromText<number> = numberText(1, Number.MAX_SAFE_INTEGER);
export const glob: FromText<string> = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
export const cursor: FromText<string> = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
export const limit: FromText<number> = numberText(1, MAX_LIMIT);
export const seconds: FromText<number> = numberText(0, MAX_SECONDS);
export const priorityText: FromText<number> = numberText(0, MAX_UINT32);
export const state: FromJson<State> = v.picklist(STATES);
export const encoding: FromJson<Encoding> = v.picklist(["text", "json", "hex", "base64"] as const);
export const view: FromJson<Encoding | "none"> = v.picklist(
  ["none", "text", "json", "hex", "base64"] as const,
);

// Answers.

const count = v.number();
const nullable = v.nullable;
const name = v.string();

export const bodyText: v.GenericSchema<BodyText> = v.object({
  encoding,
  text: v.string(),
  isWhole: v.boolean(),
});

export const job: v.GenericSchema<Job> = v.object({
  id: count,
  tube: name,
  state,
  priority: count,
  delay: count,
  ttr: count,
  ageSeconds: count,
  timeLeftSeconds: count,
  createdAt: v.string(),
  counts: v.object({ reserves: count, timeouts: count, releases: count, buries: count, kicks: count }),
  bytes: count,
  heldBy: nullable(count),
  body: v.optional(bodyText),
});

export const tube: v.GenericSchema<Tube> = v.object({
  name,
  ready: count,
  urgent: count,
  delayed: count,
  reserved: count,
  buried: count,
  totalJobs: count,
  deletes: count,
  pauses: count,
  using: count,
  watching: count,
  waiting: count,
  pause: nullable(v.object({ seconds: count, leftSeconds: count })),
  oldestReadySeconds: nullable(count),
  rates: nullable(
    v.object({
      put: count,
      reserved: count,
      deleted: count,
      released: count,
      buried: count,
      timeouts: count,
    }),
  ),
});

export const serverInfo: v.GenericSchema<ServerInfo> = v.object({
  version: v.string(),
  runtime: v.string(),
  pid: count,
  id: v.string(),
  hostname: v.string(),
  uptimeSeconds: count,
  isDraining: v.boolean(),
  backend: v.picklist(["runnerbean", "beanstalkd"] as const),
  capabilities: v.array(v.string()),
  maxJobBytes: count,
  tubes: count,
  jobs: v.object({ ready: count, urgent: count, delayed: count, reserved: count, buried: count }),
  totals: v.object({
    jobs: count,
    timeouts: count,
    connections: count,
    commands: v.record(v.string(), count),
  }),
  refusals: nullable(v.array(v.object({
    reason: v.string(),
    count,
    lastSecondsAgo: nullable(count),
    isCurrent: v.boolean(),
    isShortage: v.boolean(),
  }))),
  connections: v.object({ now: count, producers: count, workers: count, waiting: count }),
  binlog: nullable(v.object({
    oldestSegment: count,
    currentSegment: count,
    recordsMigrated: count,
    recordsWritten: count,
    segmentBytes: count,
    work: v.optional(v.object({
      commits: count,
      writtenBytes: count,
      syncs: count,
      syncMs: count,
      longestSyncMs: count,
      keptBytes: count,
      liveBytes: count,
    })),
  })),
  memory: v.nullable(v.object({ rssBytes: count, heapBytes: count, jobBytes: count })),
  loop: nullable(v.object({ longestTurnMs: count, timerLatenessMs: count })),
});

const connection: v.GenericSchema<Connection> = v.object({
  number: count,
  kind: v.picklist(["tcp", "unix", "websocket", "http", "local"] as const),
  peer: nullable(v.string()),
  identity: nullable(v.string()),
  using: name,
  watching: v.array(name),
  isWaiting: v.boolean(),
  isProducer: v.boolean(),
  isWorker: v.boolean(),
  holds: v.array(count),
  held: count,
  unsentBytes: count,
});

const next = nullable(v.string());
export const tubePage: v.GenericSchema<TubePage> = v.object({ tubes: v.array(tube), total: count, next });
export const jobPage: v.GenericSchema<JobPage> = v.object({
  jobs: v.array(job),
  total: count,
  next,
  isCut: v.boolean(),
});
export const searchPage: v.GenericSchema<SearchPage> = v.object({
  jobs: v.array(job),
  next,
  scanned: count,
  isComplete: v.boolean(),
});
export const connectionPage: v.GenericSchema<ConnectionPage> = v.object({
  connections: v.array(connection),
  next,
});

const leasedJob: v.GenericSchema<LeasedJob> = v.object({
  token: v.string(),
  id: count,
  tube: name,
  priority: count,
  ttr: count,
  expiresAt: v.string(),
  body: bodyText,
});
export const leasedJobs: v.GenericSchema<{ jobs: readonly LeasedJob[] }> = v.object({
  jobs: v.array(leasedJob),
});

const auditEntry: v.GenericSchema<AuditEntry> = v.object({
  at: v.string(),
  who: v.string(),
  action: v.string(),
  target: v.string(),
  count: nullable(count),
  outcome: v.string(),
});
export const auditEntries: v.GenericSchema<{ entries: readonly AuditEntry[] }> = v.object({
  entries: v.array(auditEntry),
});
