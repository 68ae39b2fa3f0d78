// Functions that the program gave for being told of something. What they throw, or reject with, is a fault of the program and
// none of a job: it ends neither the process nor what called them, and is printed.

/** Between two lines about the same hook, in milliseconds: a hook may be called for every job. */
const PAUSE_MS = 10_000;

interface Complaints {
  nextLineAt: number;
  unsaid: number;
}

const complaints = new Map<string, Complaints>();

/** Calls a hook, if there is one, and does not wait for what it returns. Never throws. `name`: the option it was given as. */
export function tell<Argument>(
  name: string,
  hook: ((argument: Argument) => unknown) | undefined,
  argument: Argument,
): void {
  if (hook === undefined) return;
  try {
    const result = hook(argument);
    if (isThenable(result)) Promise.resolve(result).catch((error) => complain(name, error));
  } catch (error) {
    complain(name, error);
  }
}

/** Keeps a promise that nobody waits for from becoming an unhandled rejection. */
export function ignoreRejection(value: unknown): void {
  if (isThenable(value)) Promise.resolve(value).catch(() => {});
}

/** Prints what a function of the program did wrong: one line, and not for each job. */
export function complain(name: string, error: unknown): void {
  const now = performance.now();
  const known = complaints.get(name) ?? { nextLineAt: -Infinity, unsaid: 0 };
  complaints.set(name, known);
  if (now < known.nextLineAt) return void known.unsaid++;
  const more = known.unsaid === 0 ? "" : ` (and ${known.unsaid} more times since the last such line)`;
  known.nextLineAt = now + PAUSE_MS;
  known.unsaid = 0;
  console.error(`runnerbean: ${name} failed: ${textOf(error)}${more}`);
}

/** What was thrown, in one line. */
export function textOf(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.split("\n", 1)[0];
  } catch {
    return "something that has no text";
  }
}

function isThenable(value: unknown): boolean {
  return value instanceof Promise ||
    (typeof value === "object" && value !== null && "then" in value && typeof value.then === "function");
}
