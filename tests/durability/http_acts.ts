// What an HTTP client of its own tube can ask for, with the only answer that each request can have, and what may be there
// after a request that was not answered.

import type { SeenJob } from "./inspection.ts";
import type { HttpReply, HttpRequest } from "./http_client.ts";
import { faultOf } from "./tube_faults.ts";
import type { Command, ModelJob, TubeModel } from "./tube_model.ts";

type Act = Exclude<Command, { verb: "put" }>;
type Status = number | readonly number[];

export interface HttpAct {
  readonly request: HttpRequest;
  /** What the answer must be; anything else breaks the promise. */
  readonly status: Status;
  /** What the answer's document must have. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What it does to the tube, job by job; nothing when it is refused or only looks. */
  readonly commands: readonly Act[];
  /** All of it is one record. */
  readonly isAtomic?: boolean;
  /** Called with the answer when it is as it must be. */
  readonly answered?: (reply: HttpReply) => void;
}

/** What is wrong with an answer; null when nothing is. */
export function faultOfReply({ status, fields = {} }: HttpAct, reply: HttpReply): string | null {
  const statuses = typeof status === "number" ? [status] : status;
  const got = `${reply.status} ${JSON.stringify(reply.body.slice(0, 200))}`;
  if (!statuses.includes(reply.status)) return `${got} and not ${statuses.join(" or ")}`;
  const document = Object.keys(fields).length === 0 ? {} : JSON.parse(reply.body);
  for (const [name, value] of Object.entries(fields)) {
    if (document[name] !== value) return `${got}, whose ${name} should be ${value}`;
  }
  return null;
}

export function apply({ commands }: HttpAct, model: TubeModel): void {
  for (const command of commands) model.apply(command);
}

/**
 * The tube as it may be after an act that was not answered: commands on one job take place in their order, up to any of them;
 * those on different jobs in any order.
 */
export function settleUnanswered(
  { commands, isAtomic = false }: HttpAct,
  before: TubeModel,
  seen: ReadonlyMap<number, SeenJob>,
): { readonly model: TubeModel; readonly done: number } {
  const model = before.copy();
  let done = 0;
  const ofJob = new Map<number, Act[]>();
  for (const command of commands) {
    // A reserve leaves no record, only a count that may be written with one.
    if (!("id" in command)) model.apply(command);
    else ofJob.set(command.id, [...ofJob.get(command.id) ?? [], command]);
  }
  const hasBegun = [...ofJob.keys()].some((id) => !agrees(model.jobs.get(id), seen.get(id)));
  if (isAtomic && hasBegun) {
    for (const command of commands) model.apply(command);
    return { model, done: commands.length };
  }
  for (const [id, chain] of ofJob) {
    for (const command of chain) {
      if (agrees(model.jobs.get(id), seen.get(id))) break;
      model.apply(command);
      done++;
    }
  }
  return { model, done };
}

function agrees(job: ModelJob | undefined, back: SeenJob | undefined): boolean {
  if (job === undefined || back === undefined) return job === undefined && back === undefined;
  return faultOf(job, back) === null;
}
