// A log for what peers provoke: the first line of a kind at once, then one line per interval that says how many there were.
// So whoever floods the server does not flood its log as well.

/** Between two lines of a kind, in milliseconds. */
export const LOG_INTERVAL_MS = 10_000;

interface Kind {
  loggedAt: number;
  omitted: number;
}

export class RateLimitedLog {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  readonly #intervalMs: number;
  readonly #kinds = new Map<string, Kind>();

  /** Kinds are few and known to the program: they must not come from peers. */
  constructor(
    print: (line: string) => void,
    now: () => number = () => performance.now(),
    intervalMs: number = LOG_INTERVAL_MS,
  ) {
    this.#print = print;
    this.#now = now;
    this.#intervalMs = intervalMs;
  }

  /** Prints the line, or counts it. Line breaks and control characters in it are made visible. */
  say(kind: string, line: string): void {
    const now = this.#now();
    const known = this.#kinds.get(kind);
    if (known !== undefined && now - known.loggedAt < this.#intervalMs) {
      known.omitted++;
      return;
    }
    const omitted = known?.omitted ?? 0;
    this.#kinds.set(kind, { loggedAt: now, omitted: 0 });
    this.#print(oneLine(line) + (omitted === 0 ? "" : ` (and ${omitted} more like it since the last line)`));
  }
}

/** The message of an error and where it was thrown, in one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  const place = error.stack?.split("\n").find((line) => /^\s+at /.test(line))?.trim() ?? "";
  return oneLine(`${error.name}: ${error.message}${place === "" ? "" : ` (${place})`}`);
}

const LONGEST_LINE = 500;

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.slice(0, LONGEST_LINE).replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => JSON.stringify(c).slice(1, -1));
}
