// After a restart: reads what came back, has the chronicle judge it, and makes the model of the queue anew from it.

import type { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED } from "../../src/core/jobs.ts";
import type { Chronicle, Finding, Recovered, Snapshot } from "./chronicle.ts";
import { Model } from "./model.ts";
import { violation } from "./violation.ts";

/** All jobs of a queue that has just come back. */
export function readJobs(engine: Engine): Recovered[] {
  const jobs: Recovered[] = [];
  engine.live.each((job) => {
    const bytes = new Uint8Array(job.bodyBytes);
    let filled = 0;
    const take = (source: Uint8Array, from: number, to: number): void => {
      bytes.set(source.subarray(from, to), filled);
      filled += to - from;
    };
    job.readBody({ copy: take, keep: (piece, length) => take(piece, 0, length) });
    const body = bytes.subarray(0, -2);
    if (filled !== bytes.length || bytes[filled - 2] !== 13 || bytes[filled - 1] !== 10) {
      violation(`the body of job ${job.id} came back without its end`);
    }
    const { id, pri, delay, ttr, createdAt, mark, reserves, timeouts, releases, buries, kicks } = job;
    jobs.push({
      id,
      tube: String.fromCharCode(...job.tube),
      body,
      state: job.state === BURIED ? "buried" : job.state === DELAYED ? "delayed" : "ready",
      pri,
      delay,
      ttr,
      createdAt,
      deadline: job.state === DELAYED ? mark : 0,
      reserves,
      timeouts,
      releases,
      buries,
      kicks,
    });
  });
  return jobs;
}

/** A job with its instants moved. */
function moved(job: Recovered, by: number): Recovered {
  const deadline = job.state === "delayed" ? job.deadline + by : job.deadline;
  return by === 0 ? job : { ...job, createdAt: job.createdAt + by, deadline };
}

/**
 * Judges a queue that has come back. Answers what was found, and the model to go on with. `wentBackMs`: so far the clock was set
 * back meanwhile; nothing but the instants may differ, and all of them by that.
 */
export function judgeRecovery(
  engine: Engine,
  chronicle: Chronicle,
  former: Model,
  isPowerCut: boolean,
  now: number,
  wentBackMs: number,
): { finding: Finding; model: Model } {
  const recovered = readJobs(engine).map((job) => moved(job, wentBackMs));
  const finding = chronicle.judge(recovered, isPowerCut, now + wentBackMs);
  if (wentBackMs > 0) chronicle.moveInstants(-wentBackMs);
  const snapshots = new Map(finding.jobs.map(({ job, snapshot }) => [job.id, snapshot]));
  checkBurials(engine, snapshots);
  const { nextId } = engine.live;
  chronicle.judgeNextId(nextId, isPowerCut);
  const model = new Model(true, former.heard);
  model.now = now;
  model.lastId = nextId - 1;
  model.burials = former.burials;
  for (const { job: former, snapshot } of finding.jobs) {
    const job = moved(former, -wentBackMs);
    const { state, deadline, ...fields } = job;
    const tube = model.obtain(job.tube);
    const burial = snapshot.burial;
    model.admit(
      { ...fields, tube, state, deadline, burial, holder: null, isPending: false },
      state,
      deadline,
    );
    model.jobs.get(job.id)!.burial = burial;
  }
  orderBurials(model);
  chronicle.note(model.jobs, model.changed);
  model.changed.clear();
  return { finding, model };
}

/** Buried jobs stand in the order of their burials. */
function checkBurials(engine: Engine, snapshots: ReadonlyMap<number, Snapshot>): void {
  const { jobs, tubes } = engine;
  for (const tube of tubes.list) {
    let [before, burial] = [0, 0];
    for (let row = tube.buried.first; row !== 0; row = tube.buried.after(row)) {
      const id = jobs.id.get(row);
      const { burial: next } = snapshots.get(id)!;
      if (next <= burial) violation(`job ${id} was buried before ${before} and came back behind it`);
      [before, burial] = [id, next];
    }
  }
}

/** Jobs came back in any order; the model keeps buried ones in theirs. */
function orderBurials(model: Model): void {
  for (const { buried } of model.tubes.values()) {
    const inOrder = [...buried].sort((a, b) => a.burial - b.burial);
    buried.clear();
    for (const job of inOrder) buried.add(job);
  }
}
