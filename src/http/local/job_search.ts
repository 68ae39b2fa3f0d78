// Jobs that match, found by a walk over the job table: each job that lives throughout is seen exactly once. Bodies are
// searched where they lie.

import { STATE_WORDS } from "../../core/jobs.ts";
import type { Inspector } from "../../server/inspector.ts";
import type { JobMatch } from "../source.ts";
import { BodySearch } from "./body_search.ts";

/** Rows between two looks at the clock, and where bodies are searched, which may be large. */
const ROWS_PER_LOOK = 256;
const BODIES_PER_LOOK = 16;

export class JobSearch {
  /** Jobs looked at. */
  scanned = 0;
  /** The row at which to go on; 0 at the end. */
  at: number;
  readonly #inspector: Inspector;
  readonly #match: JobMatch;
  readonly #state: number;
  readonly #body: BodySearch | null;

  /** Begins at a row; 1 is the first. */
  constructor(inspector: Inspector, match: JobMatch, from: number) {
    this.#inspector = inspector;
    this.#match = match;
    this.#state = match.state === undefined ? 0 : STATE_WORDS.indexOf(match.state);
    this.#body = match.bytes === undefined ? null : new BodySearch(match.bytes);
    this.at = from;
  }

  /**
   * Goes on until its time is up, `found` says that it has enough, or all rows were seen. Returns whether it ended for
   * another reason than time.
   */
  goOn(now: number, isTimeUp: () => boolean, found: (row: number) => boolean): boolean {
    const { inspection } = this.#inspector;
    const slot = this.#tubeSlot();
    const rows = this.#body === null ? ROWS_PER_LOOK : BODIES_PER_LOOK;
    isTimeUp(); // the clock begins
    let isEnough = false;
    let behind = 0;
    const visit = (row: number): void => {
      if (isEnough) return;
      this.scanned++;
      if (!this.#fits(row, slot, now) || !found(row)) return;
      isEnough = true;
      behind = row + 1;
    };
    while (this.at !== 0 && slot !== -1) {
      this.at = inspection.scanRows(this.at, rows, visit);
      if (isEnough) {
        this.at = behind;
        return true;
      }
      if (this.at !== 0 && isTimeUp()) return false;
    }
    this.at = 0;
    return true;
  }

  /** Whether a job still matches. */
  isMatch(row: number, now: number): boolean {
    return this.#fits(row, this.#tubeSlot(), now);
  }

  /** The slot of the tube asked for; -1 when there is none of that name, null when none is asked for. */
  #tubeSlot(): number | null {
    const { tube } = this.#match;
    if (tube === undefined) return null;
    return this.#inspector.tube(tube)?.slot ?? -1;
  }

  #fits(row: number, slot: number | null, now: number): boolean {
    const { jobs } = this.#inspector;
    if (slot !== null && jobs.tube.get(row) !== slot) return false;
    if (this.#state !== 0 && jobs.state.get(row) !== this.#state) return false;
    return this.#hasAttributes(row, now) && this.#hasBytes(row);
  }

  #hasAttributes(row: number, now: number): boolean {
    const { jobs } = this.#inspector;
    const match = this.#match;
    const age = (now - jobs.createdAt.get(row)) / 1000;
    const bytes = jobs.bodyBytes.get(row) - 2;
    const priority = jobs.pri.get(row);
    return age >= (match.minAgeSeconds ?? 0) && age <= (match.maxAgeSeconds ?? Infinity) &&
      bytes >= (match.minBytes ?? 0) && bytes <= (match.maxBytes ?? Infinity) &&
      priority >= (match.minPriority ?? 0) && priority <= (match.maxPriority ?? Infinity) &&
      jobs.reserves.get(row) >= (match.minReserves ?? 0) &&
      jobs.timeoutsOf(row) >= (match.minTimeouts ?? 0) &&
      jobs.releasesOf(row) >= (match.minReleases ?? 0) &&
      jobs.buriesOf(row) >= (match.minBuries ?? 0) && jobs.kicksOf(row) >= (match.minKicks ?? 0);
  }

  #hasBytes(row: number): boolean {
    const search = this.#body;
    if (search === null) return true;
    const bytes = this.#inspector.jobs.bodyBytes.get(row) - 2;
    search.begin(bytes);
    this.#inspector.readBody(row, search);
    return search.isFound;
  }
}
