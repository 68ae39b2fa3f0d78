// What instants in a log mean. A record holds the machine's wall clock as it was when the record was made; a running server
// counts evenly from its start. So the server's instants are moved by an offset when they are written, and when the machine's
// clock is stepped, the log remembers by how much: what was recorded before moves along, as it does in the running queue.

/** Smaller deviations are not steps: a clock read in whole milliseconds, or a process that was stopped between two readings. */
const LEAST_STEP_MS = 500;
/** Two readings in a row must agree to this. */
const AGREED_MS = 100;
/** So many fit the state file. What is older than the oldest of them is brought into range, no more. */
export const MOST_STEPS = 24;

/** Instants recorded before a position are to be moved by some milliseconds. */
export interface ClockStep {
  readonly before: number;
  readonly by: number;
}

/** The steps of a log, by rising position. */
export class ClockSteps {
  private list: readonly ClockStep[];

  constructor(list: readonly ClockStep[] = []) {
    this.list = list;
  }

  get all(): readonly ClockStep[] {
    return this.list;
  }

  /** By how much instants of a record at this position are to be moved, in milliseconds. */
  shiftAt(position: number): number {
    let shift = 0;
    for (const { before, by } of this.list) if (position < before) shift += by;
    return shift;
  }

  /** Everything recorded before the position moves by so much from now on. */
  add(before: number, by: number): void {
    this.list = [...this.list, { before, by }].slice(-MOST_STEPS);
  }

  /** Keeps those that concern a log from one position to another. Behind its end a torn log goes on anew. */
  keepWithin(begin: number, end: number): void {
    this.list = this.list.filter(({ before }) => before > begin).map(({ before, by }) => ({
      before: Math.min(before, end),
      by,
    }));
  }
}

/** How far the machine's wall clock is ahead of the server's time. Cost: two clocks read per {@link look}. */
export class WallOffset {
  /** To be added to the server's instants, in milliseconds; 0 while the machine's clock goes on evenly. */
  ms = 0;
  private readonly read: (() => number) | null;

  /** `read` answers the present difference. Without it the two never differ. */
  constructor(read: (() => number) | null) {
    this.read = read;
    this.look();
  }

  /** Reads anew. Answers by how much the machine's clock was stepped since the last time; mostly 0. */
  look(): number {
    if (this.read === null) return 0;
    const first = this.read();
    if (Math.abs(first - this.ms) < LEAST_STEP_MS) return 0;
    const second = this.read();
    if (!(Math.abs(second - first) < AGREED_MS)) return 0;
    const step = Math.round(second) - this.ms;
    this.ms += step;
    return step;
  }
}
