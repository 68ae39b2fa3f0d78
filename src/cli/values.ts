// What the values of flags and RUNNERBEAN_* variables may be: one schema each, and the words that name it in a message.
//
// Invariant: a schema takes text and gives the value in its unit, or fails; it never looks at anything but that text.
import * as v from "valibot";
import type { SyncPolicy } from "../journal/binlog.ts";
import type { HttpAddress, Io, ListenAs } from "./options.ts";
import { parseListenAs } from "./listen_as.ts";

/** A kind of value: `expects` completes the sentence "expected …, got …". */
export interface Value<T> {
  readonly expects: string;
  readonly schema: v.GenericSchema<string, T>;
}

/** The value that the text stands for, or undefined when it does not fit. */
export function valueOf<T>(value: Value<T>, text: string): T | undefined {
  const read = v.safeParse(value.schema, text);
  return read.success ? read.output : undefined;
}

/** "-p: expected …, got "x"": the one form of every complaint about a value. */
export function misfit(source: string, expects: string, text: string): string {
  return `${source}: expected ${expects}, got ${JSON.stringify(text)}`;
}

// Like C's strtoul, which the reference uses: white space and a plus sign before the digits, nothing behind them.
const DIGITS = /^\s*\+?\d+$/;
const SIGNED_DIGITS = /^\s*[+-]?\d+$/;

/** True when the text is a number in the form that sizes and ports have. */
export function isDigits(text: string): boolean {
  return DIGITS.test(text);
}

const atMostSafe = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER);

const count = v.pipe(v.string(), v.regex(DIGITS), v.transform((text) => atMostSafe(Number(text))));

const wholeFromOne = v.pipe(
  v.string(),
  v.regex(DIGITS),
  v.transform(Number),
  v.minValue(1),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);

/** Text that is looked at later, where more is known (an address, a user name). */
export const anyText: Value<string> = { expects: "text", schema: v.string() };

export const file: Value<string> = { expects: "a file", schema: v.pipe(v.string(), v.minLength(1)) };

/** One or, in a variable, several with spaces between them. */
export const listenersAs: Value<readonly ListenAs[]> = {
  expects: "IDENTITY=HOST:PORT or IDENTITY=unix:PATH, which may end in ,mode=0660",
  schema: v.pipe(
    v.string(),
    v.transform((text) => text.trim().split(/\s+/).map(parseListenAs)),
    v.check((listeners) => listeners.every((listener) => listener !== null)),
  ) as v.GenericSchema<string, readonly ListenAs[]>,
};

/** What `--cors` takes: scheme, host and port, and nothing behind. */
export const origins: Value<readonly string[]> = {
  expects: "origins such as https://console.example.com, with commas between them",
  schema: v.pipe(
    v.string(),
    v.transform((text) => text.split(",")),
    v.array(v.custom<string>((text) => URL.canParse(String(text)) && new URL(String(text)).origin === text)),
  ),
};

/** What `--http-name` takes. */
export const hostNames: Value<readonly string[]> = {
  expects: "host names such as jobs.example.com, with commas between them",
  schema: v.pipe(
    v.string(),
    v.transform((text) => text.split(",")),
    v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/))),
  ),
};

export const folder: Value<string> = { expects: "a folder", schema: v.pipe(v.string(), v.minLength(1)) };

export const kv: Value<string> = {
  expects: "the path or URL of a Deno KV",
  schema: v.pipe(v.string(), v.minLength(1)),
};

/** The number form of a port; names are looked up elsewhere. */
export const portNumber: Value<number> = {
  expects: "a port number from 0 to 65535 or a service name",
  schema: v.pipe(v.string(), v.regex(DIGITS), v.transform(Number), v.maxValue(65_535)),
};

/** A size without a ceiling; what no number can hold becomes the largest whole number. */
export const byteCount: Value<number> = { expects: "a whole number of bytes, 0 or more", schema: count };

/** As in the reference a negative size wraps round to a huge one, and a huge one is cut later, with a warning. */
export const jobByteCount: Value<number> = {
  expects: "a whole number of bytes, 0 or more",
  schema: v.pipe(
    v.string(),
    v.regex(SIGNED_DIGITS),
    v.transform((text) => atMostSafe(Number(text) < 0 ? Infinity : Math.abs(Number(text)))),
  ),
};

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A size with an optional binary unit: `512m` is 512 times 1,048,576. */
export const memorySize: Value<number> = {
  expects: "a number of bytes above 0, which may end in k, m or g (1024, 1024^2, 1024^3)",
  schema: v.pipe(
    v.string(),
    v.regex(/^\d+[kmg]?$/i),
    v.transform((text) => parseInt(text, 10) * UNITS[text.replace(/\d+/, "").toLowerCase()]),
    v.minValue(1),
    v.maxValue(Number.MAX_SAFE_INTEGER),
  ),
};

export const connectionCount: Value<number> = {
  expects: "a whole number of connections, 1 or more",
  schema: wholeFromOne,
};

/** 0 ms between syncs is the same as syncing after every write. */
const syncEvery = (ms: number): SyncPolicy => (ms === 0 ? { kind: "always" } : { kind: "interval", ms });

/** What `-f` takes. */
export const syncInterval: Value<SyncPolicy> = {
  expects: "a whole number of milliseconds, 0 for a sync after every write",
  schema: v.pipe(count, v.transform(syncEvery)),
};

/** What `--sync` takes: `-f` and `-F` in one. */
export const syncPolicy: Value<SyncPolicy> = {
  expects: "always, never or a whole number of milliseconds",
  schema: v.union([
    v.pipe(v.literal("always"), v.transform((): SyncPolicy => ({ kind: "always" }))),
    v.pipe(v.literal("never"), v.transform((): SyncPolicy => ({ kind: "never" }))),
    v.pipe(count, v.transform(syncEvery)),
  ]) as v.GenericSchema<string, SyncPolicy>,
};

/** Names of tubes, with `*` and `?`. */
export const tubePattern: Value<string> = {
  expects: "a tube's name, with * for any characters and ? for one",
  schema: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/;.$_()*?-]{1,200}$/)),
};

/** What `--http` takes: a port alone is one of this machine's own. */
export const httpAddress: Value<HttpAddress> = {
  expects: "an address and a port from 0 to 65535, such as 127.0.0.1:11380 or [::1]:11380",
  schema: v.pipe(
    v.string(),
    v.regex(/^(?:(?:\[[\da-fA-F:.]+(?:%[^\]]+)?\]|[^:[\]]+):)?\d{1,5}$/),
    v.transform((text) => {
      const colon = text.lastIndexOf(":");
      const host = colon < 0 ? "127.0.0.1" : text.slice(0, colon).replaceAll(/[[\]]/g, "");
      return { host, port: Number(text.slice(colon + 1)) };
    }),
    v.check(({ port }) => port <= 65_535),
  ),
};

/** What `--io` takes. */
export const io: Value<Io> = {
  expects: "native or epoll",
  schema: v.picklist(["native", "epoll"]) as v.GenericSchema<string, Io>,
};

export const verbosityLevel: Value<number> = { expects: "a whole number, 0 or more", schema: count };

export const yesOrNo: Value<boolean> = {
  expects: "1, true, yes or on, or 0, false, no or off",
  schema: v.pipe(
    v.string(),
    v.regex(/^(?:1|true|yes|on|0|false|no|off)$/i),
    v.transform((text) => /^(?:1|true|yes|on)$/i.test(text)),
  ),
};
