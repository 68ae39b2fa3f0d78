// Whether jobs that came back are as a model of their tube says.

import type { SeenJob } from "./inspection.ts";
import type { ModelJob, TubeModel } from "./tube_model.ts";

/** What is wrong with the jobs that came back, if the tube was like the model; null when nothing is. */
export function faultBetween(model: TubeModel, seen: ReadonlyMap<number, SeenJob>): string | null {
  for (const id of seen.keys()) if (!model.jobs.has(id)) return `job ${id} is back, or was never put`;
  for (const job of model.jobs.values()) {
    const back = seen.get(job.id);
    if (back === undefined) return `job ${job.id} is missing`;
    const fault = faultOf(job, back);
    if (fault !== null) return `job ${job.id}: ${fault}`;
  }
  return null;
}

const EXACT = ["pri", "delay", "releases", "buries", "kicks"] as const;

/** What is wrong with one job that came back; null when nothing is. */
export function faultOf(job: ModelJob, back: SeenJob): string | null {
  const { now, recorded } = job;
  if (back.body !== job.body) return "its body is another";
  for (const field of EXACT) {
    if (back[field] !== recorded[field]) return `${field} ${back[field]} and not ${recorded[field]}`;
  }
  if (back.ttr !== job.ttr || back.timeouts !== 0) return `ttr ${back.ttr}, timeouts ${back.timeouts}`;
  if (back.reserves < recorded.reserves || back.reserves > now.reserves) {
    return `reserves ${back.reserves}, recorded were ${recorded.reserves}, at last ${now.reserves}`;
  }
  // Reserving leaves no record, but a job that was written again while it was reserved is ready then.
  const mayBeReady = now.reserves > recorded.reserves;
  const isRight = back.state === recorded.state || (mayBeReady && back.state === "ready");
  return isRight ? null : `${back.state} and not ${recorded.state}`;
}

/** Makes a model that agrees with what came back the same as that. */
export function adopt(model: TubeModel, seen: ReadonlyMap<number, SeenJob>): void {
  for (const job of [...model.jobs.values()]) {
    const { state, reserves } = seen.get(job.id)!;
    // A job that was reserved may be ready now although no record says so, if it was written again meanwhile.
    const base = state === job.recorded.state ? job.recorded : job.now;
    model.restore(job, { ...base, state, reserves });
  }
}
