// A page of a tube's jobs in their order. What stands on it is found in one go, since a second look would have to find its place
// again; then the jobs are shown in slices. A page ends early when the bodies on it are large: to encode and send all of
// a thousand large bodies would keep everybody waiting.

import type { JobState } from "../../core/jobs.ts";
import type { ListCursor } from "../../core/list_cursor.ts";
import type { Tube } from "../../core/tube.ts";
import type { Inspector } from "../../server/inspector.ts";
import type { Job } from "../model.ts";
import type { BodyView } from "../source.ts";
import type { Shown } from "./shown.ts";

/** With this much of bodies on it a page is full. */
export const PAGE_BODY_BYTES = 1_048_576;
/** Jobs between two looks at the clock. */
const JOBS_PER_LOOK = 16;

/** How much of a job's body is shown. */
export function shownBytes({ bytes }: Job, { encoding, maxBytes }: BodyView): number {
  return encoding === "none" ? 0 : Math.min(bytes, maxBytes);
}

export class JobList {
  readonly jobs: Job[] = [];
  /** Behind which job it goes on; null at the end of the list. */
  after: ListCursor | null = null;
  /** Jobs are missing, since too many lie before them. */
  isCut = false;
  readonly #inspector: Inspector;
  readonly #shown: Shown;
  readonly #state: JobState;
  readonly #limit: number;
  readonly #view: BodyView;
  /** What was found and is not shown yet: ids, since rows are valid in one turn only. */
  #ids: number[] = [];
  #at = 0;
  #bytes = 0;

  constructor(inspector: Inspector, shown: Shown, state: JobState, limit: number, view: BodyView) {
    this.#inspector = inspector;
    this.#shown = shown;
    this.#state = state;
    this.#limit = limit;
    this.#view = view;
  }

  /** Goes on; true when the page is full or the list is at its end. */
  goOn(tube: Tube, now: number, isTimeUp: () => boolean): boolean {
    isTimeUp(); // the clock begins
    if (this.#at === this.#ids.length) this.#find(tube);
    while (this.#at < this.#ids.length) {
      this.#show(tube, this.#ids[this.#at++], now);
      if (this.#bytes >= PAGE_BODY_BYTES) return true;
      if (this.#at % JOBS_PER_LOOK === 0 && isTimeUp()) return this.#isOver();
    }
    return this.#isOver();
  }

  #isOver(): boolean {
    return this.#at === this.#ids.length && (this.after === null || this.jobs.length >= this.#limit);
  }

  #find(tube: Tube): void {
    const { inspection, jobs } = this.#inspector;
    const wanted = this.#limit - this.jobs.length;
    const { rows, next, isCut } = inspection.listJobs(tube, this.#state, this.after, wanted);
    this.#ids = rows.map((row) => jobs.id.get(row));
    this.#at = 0;
    this.after = next;
    this.isCut ||= isCut;
  }

  /** Shows a job, unless it has gone elsewhere since it was found. */
  #show(tube: Tube, id: number, now: number): void {
    const { inspection, jobs } = this.#inspector;
    const row = jobs.find(id);
    if (row === 0 || jobs.state.get(row) !== this.#state || jobs.tube.get(row) !== tube.slot) return;
    const job = this.#shown.job(row, now, this.#view);
    this.jobs.push(job);
    this.#bytes += shownBytes(job, this.#view);
    if (this.#bytes >= PAGE_BODY_BYTES && this.#at < this.#ids.length) this.after = inspection.cursorOf(row);
  }
}
