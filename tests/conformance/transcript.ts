// Reads the conformance suite's transcripts: plain text files of cases, described in README.md of this folder.
// A transcript is checked when it is read: a line that means nothing is an error with its file and line.

/** A step whose answer must come between two times after that connection's last send. */
export interface Within {
  readonly minMs: number;
  readonly maxMs: number | null;
}

export type Action =
  | { readonly kind: "open" | "close" | "half-close" | "closed"; readonly connection: string }
  | { readonly kind: "send"; readonly connection: string; readonly bytes: string }
  | { readonly kind: "trickle"; readonly connection: string; readonly bytes: string }
  | { readonly kind: "receive"; readonly connection: string; readonly bytes: string; readonly within: Within }
  | { readonly kind: "match"; readonly connection: string; readonly pattern: string; readonly within: Within }
  | {
    readonly kind: "fields";
    readonly connection: string;
    readonly fields: readonly [key: string, pattern: string][];
    readonly within: Within;
  }
  | {
    readonly kind: "until";
    readonly connection: string;
    readonly bytes: string;
    readonly fields: readonly [key: string, pattern: string][];
  }
  | { readonly kind: "silent"; readonly connection: string; readonly ms: number }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "signal"; readonly name: string }
  | {
    readonly kind: "restart";
    readonly signal: string;
    /** Arguments of the new server; null: those that the one before had. */
    readonly serverArgs: readonly string[] | null;
  };

export type Step = Action & { readonly line: number; readonly source: string };

/** Where the reference is known to answer otherwise: in 1.12 only, or in every version. */
export interface Difference {
  readonly flavor: "1.12" | "always";
  readonly reason: string;
}

export interface TranscriptCase {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly serverArgs: readonly string[];
  readonly difference: Difference | null;
  readonly steps: readonly Step[];
}

export class TranscriptError extends Error {}

/** The bytes (latin-1, one character a byte) that a transcript's text stands for. */
export function expandBytes(text: string): string {
  let bytes = "";
  let at = 0;
  while (at < text.length) {
    const byte = text[at++];
    if (byte !== "\\") {
      bytes += byte;
      continue;
    }
    const escape = text[at++];
    if (escape === "{") {
      const end = closingBrace(text, at);
      bytes += repeatBytes(text.slice(at, end));
      at = end + 1;
    } else if (escape === "x") {
      const code = text.slice(at, at + 2);
      if (!/^[0-9a-fA-F]{2}$/.test(code)) {
        throw new TranscriptError(`\\x needs two hex digits, not "${code}"`);
      }
      bytes += String.fromCharCode(parseInt(code, 16));
      at += 2;
    } else {
      const plain = ESCAPES[escape];
      if (plain === undefined) throw new TranscriptError(`unknown escape \\${escape ?? ""}`);
      bytes += plain;
    }
  }
  if (/[^\0-\xff]/.test(bytes)) throw new TranscriptError("a byte above 255: write it as \\xHH");
  return bytes;
}

const ESCAPES: Readonly<Record<string, string>> = {
  r: "\r",
  n: "\n",
  t: "\t",
  s: " ",
  "0": "\0",
  "\\": "\\",
  "}": "}",
};

/** The place of the `}` that ends a repetition begun before `from`. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") {
      at++;
      if (text[at] === "{") depth++;
    } else if (text[at] === "}" && --depth === 0) {
      return at;
    }
  }
  throw new TranscriptError("\\{ without }");
}

/** `200:text` is the text 200 times; `1..200:text` counts, and `#` in the text is the number. */
function repeatBytes(body: string): string {
  const parts = /^(?:(\d+)\.\.)?(\d+):([\s\S]+)$/.exec(body);
  if (!parts) throw new TranscriptError(`\\{${body}} is not \\{COUNT:text} or \\{FROM..TO:text}`);
  const text = expandBytes(parts[3]);
  if (parts[1] === undefined) return text.repeat(Number(parts[2]));
  let bytes = "";
  for (let n = Number(parts[1]); n <= Number(parts[2]); n++) bytes += text.replaceAll("#", String(n));
  return bytes;
}

const EXCHANGE = /^(\w+)(?: \[(\d*)\.\.(\d*) ms\])?(>>|>\.|>|<<|<|~|=|-)(?: (.*))?$/;

function readExchange(parts: RegExpExecArray, more: readonly string[]): Action {
  const [, connection, minMs, maxMs, operator, text = ""] = parts;
  const timed = minMs !== undefined;
  const within: Within = { minMs: Number(minMs || 0), maxMs: maxMs ? Number(maxMs) : null };
  if (timed && operator.startsWith(">")) throw new TranscriptError("only an answer can have a time");
  if (more.length && operator !== "~" && operator !== "=") {
    throw new TranscriptError("this step takes no indented lines");
  }
  switch (operator) {
    case ">":
      return { kind: "send", connection, bytes: expandBytes(text) + "\r\n" };
    case ">>":
      return { kind: "send", connection, bytes: expandBytes(text) };
    case ">.":
      return { kind: "trickle", connection, bytes: expandBytes(text) + "\r\n" };
    case "<":
      return { kind: "receive", connection, bytes: expandBytes(text) + "\r\n", within };
    case "<<":
      return { kind: "receive", connection, bytes: expandBytes(text), within };
    case "-":
      return { kind: "receive", connection, bytes: listReply(text), within };
    case "~":
      return { kind: "match", connection, pattern: replyPattern(text, more), within };
    default:
      return { kind: "fields", connection, fields: readFields([text, ...more].join(" ")), within };
  }
}

function listReply(names: string): string {
  const document = "---\n" + names.split(" ").map((name) => `- ${expandBytes(name)}\n`).join("");
  return `OK ${document.length}\r\n${document}\r\n`;
}

function replyPattern(line: string, bodyLines: readonly string[]): string {
  const body = bodyLines.length ? bodyLines.map((bodyLine) => bodyLine + "\\n").join("") + "\\r\\n" : "";
  const pattern = `^(?:${line})\\r\\n${body}$`;
  new RegExp(pattern);
  return pattern;
}

function readFields(text: string): [string, string][] {
  return text.trim().split(/ +/).filter((pair) => pair !== "").map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw new TranscriptError(`"${pair}" is not key=pattern`);
    const pattern = `^(?:${pair.slice(at + 1)})$`;
    new RegExp(pattern);
    return [pair.slice(0, at), pattern];
  });
}

const CONNECTION_VERBS: Readonly<Record<string, "open" | "close" | "half-close" | "closed">> = {
  "opens": "open",
  "closes": "close",
  "half-closes": "half-close",
  "is closed": "closed",
};

function readAction(text: string, more: readonly string[]): Action {
  const exchange = EXCHANGE.exec(text);
  if (exchange) return readExchange(exchange, more);
  if (more.length) throw new TranscriptError("this step takes no indented lines");
  const sleep = /^sleep (\d+) ms$/.exec(text);
  if (sleep) return { kind: "sleep", ms: Number(sleep[1]) };
  const signal = /^signal (SIG[A-Z0-9]+)$/.exec(text);
  if (signal) return { kind: "signal", name: signal[1] };
  const restart = /^restart (SIG[A-Z0-9]+)(?: with (.+))?$/.exec(text);
  if (restart) {
    const [, name, args] = restart;
    const serverArgs = args === undefined ? null : args === "nothing" ? [] : args.split(/ +/);
    return { kind: "restart", signal: name, serverArgs };
  }
  const silent = /^(\w+) is silent (\d+) ms$/.exec(text);
  if (silent) return { kind: "silent", connection: silent[1], ms: Number(silent[2]) };
  const until = /^(\w+) until ([^:]+): (.+)$/.exec(text);
  if (until) {
    return { kind: "until", connection: until[1], bytes: until[2] + "\r\n", fields: readFields(until[3]) };
  }
  const verb = /^(\w+) (opens|closes|half-closes|is closed)$/.exec(text);
  if (verb) return { kind: CONNECTION_VERBS[verb[2]], connection: verb[1] };
  throw new TranscriptError("not a step");
}

/** A case while its lines are read. */
interface Draft {
  line: number;
  name: string;
  serverArgs: string[];
  difference: Difference | null;
  steps: Step[];
}

function readHeader(draft: Draft, text: string): boolean {
  const server = /^server: (.+)$/.exec(text);
  if (server) draft.serverArgs = server[1].split(/ +/);
  const differs = /^differs: (1\.12|always): (.+)$/.exec(text);
  if (differs) draft.difference = { flavor: differs[1] as Difference["flavor"], reason: differs[2] };
  if ((server || differs) && draft.steps.length) throw new TranscriptError("belongs above the steps");
  return server !== null || differs !== null;
}

/** Lines sent one after the other on one connection leave in one write, as a pipelining client would send them. */
function addStep(steps: Step[], step: Step): void {
  const last = steps.at(-1);
  if (last?.kind === "send" && step.kind === "send" && last.connection === step.connection) {
    steps[steps.length - 1] = { ...last, bytes: last.bytes + step.bytes };
  } else {
    steps.push(step);
  }
}

/** Reads all cases of one transcript; `file` is named in errors and failures. */
export function readTranscript(file: string, text: string): TranscriptCase[] {
  const drafts: Draft[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    const source = lines[at];
    if (source === "" || source.startsWith("#")) continue;
    try {
      if (source.startsWith("== ")) {
        const name = source.slice(3);
        if (drafts.some((draft) => draft.name === name)) {
          throw new TranscriptError("a second case of this name");
        }
        drafts.push({ line, name, serverArgs: [], difference: null, steps: [] });
        continue;
      }
      const draft = drafts.at(-1);
      if (!draft) throw new TranscriptError("a step before the first case");
      if (readHeader(draft, source)) continue;
      const more: string[] = [];
      while (lines[at + 1]?.startsWith("  ")) more.push(lines[++at].trim());
      addStep(draft.steps, { ...readAction(source, more), line, source });
    } catch (error) {
      throw new TranscriptError(`${file}:${line}: ${(error as Error).message}: ${source}`);
    }
  }
  for (const draft of drafts) {
    if (!draft.steps.length) throw new TranscriptError(`${file}:${draft.line}: a case without steps`);
  }
  return drafts.map((draft) => ({ file, ...draft }));
}
