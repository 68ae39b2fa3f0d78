/// <reference lib="dom" />
// What the numbers were at the looks before: whether one has just risen or fallen, and the short lines beside them.

/** Points of a short line. */
const POINTS = 60;
/** Names that are remembered; beyond it the oldest are forgotten. */
const NAMES = 2000;

export class Trends {
  readonly #last = new Map<string, { value: number; direction: "" | "rose" | "fell"; at: number }>();
  readonly #lines = new Map<string, number[]>();

  /** Notes a value; "rose" or "fell" when it differs from the one before, for as long as the look is the same. */
  note(name: string, value: number, look: number): "" | "rose" | "fell" {
    const last = this.#last.get(name);
    if (last && last.at === look) return last.direction;
    const direction = !last || last.value === value ? "" : last.value < value ? "rose" : "fell";
    keep(this.#last, name, { value, direction, at: look }, NAMES * 8);
    return direction;
  }

  /** Adds a point to a line. */
  add(name: string, value: number): void {
    const line = this.#lines.get(name) ?? [];
    line.push(value);
    if (line.length > POINTS) line.shift();
    keep(this.#lines, name, line, NAMES);
  }

  line(name: string): readonly number[] {
    return this.#lines.get(name) ?? [];
  }
}

function keep<T>(map: Map<string, T>, name: string, value: T, most: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
