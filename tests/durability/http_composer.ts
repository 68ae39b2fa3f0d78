// Draws requests about the jobs of one tube, with the answers that they must have.

import type { Random } from "../support/random.ts";
import type { HttpAct } from "./http_acts.ts";
import type { HttpReply } from "./http_client.ts";
import type { Command, ModelJob, State, TubeModel } from "./tube_model.ts";
import { violation } from "./violation.ts";

type Act = Exclude<Command, { verb: "put" }>;

/** Far more than a campaign lasts, so that the order of delays is that of their lengths. */
const DELAY_STEP_S = 10_000;
const ALL = 100_000;
const STATES = ["ready", "delayed", "reserved", "buried"] as const;
const PRIORITIES = [0, 1, 1023, 1024, 100_000, 4_294_967_295];
/** Tokens of leases that are over, kept to be tried again. */
const KEPT_TOKENS = 20;

export class HttpComposer {
  private readonly tube: string;
  private readonly random: Random;
  private readonly model: TubeModel;
  private readonly tokens = new Map<number, string>();
  private staleTokens: string[] = [];
  private delaysUsed = new Set<number>();

  constructor(tube: string, random: Random, model: TubeModel) {
    this.tube = tube;
    this.random = random;
    this.model = model;
  }

  /** For the tube after a restart: all leases are over. */
  next(model: TubeModel): HttpComposer {
    const next = new HttpComposer(this.tube, this.random, model);
    next.delaysUsed = this.delaysUsed;
    next.staleTokens = [...this.staleTokens, ...this.tokens.values()].slice(-KEPT_TOKENS);
    return next;
  }

  compose(): HttpAct {
    const { random } = this;
    const leased = this.tokens.size;
    const few = this.model.jobs.size < 6;
    switch (
      random.weighted([few ? 2 : 6, leased > 0 ? 10 : 0, 2, 1, 1, 1, few ? 0.3 : 1.5, few ? 0.05 : 0.3, 1, 1])
    ) {
      case 0:
        return this.reserve();
      case 1:
        return this.leaseAct();
      case 2:
        return this.deleteJob(this.anyId());
      case 3:
        return this.kickJob(this.anyId());
      case 4:
        return this.buryJob(this.anyId());
      case 5:
        return this.kickTube();
      case 6:
        return this.actOnMatches();
      case 7:
        return this.truncate();
      case 8:
        return this.staleAct();
      default:
        return this.look(this.anyId());
    }
  }

  /** None, or one that was never used: so delayed jobs have an order. */
  delay(): number {
    if (this.random.chance(0.7)) return 0;
    for (;;) {
      const delay = DELAY_STEP_S * (1 + this.random.below(400_000));
      if (this.delaysUsed.has(delay)) continue;
      this.delaysUsed.add(delay);
      return delay;
    }
  }

  private post(path: string, json?: unknown): HttpAct["request"] {
    return { method: "POST", path, json };
  }

  /** A job of the tube, now and then one that is not there. */
  private anyId(): number {
    const ids = [...this.model.jobs.keys()];
    return ids.length === 0 || this.random.chance(0.05)
      ? 4_000_000_000 + this.random.below(1000)
      : this.random.pick(ids);
  }

  private reserve(): HttpAct {
    const count = 1 + this.random.below(4);
    const copy = this.model.copy();
    const expected: ModelJob[] = [];
    for (
      let job = copy.first("ready");
      job !== undefined && expected.length < count;
      job = copy.first("ready")
    ) {
      expected.push(job);
      copy.apply({ verb: "reserve-with-timeout" });
    }
    return {
      request: this.post("/v1/reserve", { tubes: [this.tube], count, body: "base64" }),
      status: 200,
      commands: expected.map((): Act => ({ verb: "reserve-with-timeout" })),
      answered: (reply) => this.granted(expected, reply),
    };
  }

  private granted(expected: readonly ModelJob[], { body }: HttpReply): void {
    const jobs = JSON.parse(body).jobs as { id: number; token: string; body: { text: string } }[];
    const ids = jobs.map(({ id }) => id);
    if (ids.join() !== expected.map(({ id }) => id).join()) {
      violation(`${this.tube}: reserved were ${ids} and not ${expected.map(({ id }) => id)}`);
    }
    jobs.forEach(({ id, token, body: { text } }, i) => {
      if (atob(text) !== expected[i].body) violation(`${this.tube}: the body of job ${id} is another`);
      this.tokens.set(id, token);
    });
  }

  private leaseAct(): HttpAct {
    const { random } = this;
    const id = random.pick([...this.tokens.keys()]);
    const token = this.tokens.get(id)!;
    const { now: { pri: former } } = this.model.jobs.get(id)!;
    const pri = random.chance(0.5) ? undefined : random.pick(PRIORITIES);
    const path = `/v1/leases/${token}`;
    const answered = (): void => this.over(id);
    switch (random.weighted([4, 2, 2, 1.5])) {
      case 0:
        return {
          request: this.post(`${path}/delete`),
          status: 204,
          commands: [{ verb: "delete", id }],
          answered,
        };
      case 1: {
        const delay = this.delay();
        const request = this.post(`${path}/release`, { priority: pri, delay });
        return {
          request,
          status: 204,
          commands: [{ verb: "release", id, pri: pri ?? former, delay }],
          answered,
        };
      }
      case 2: {
        const request = this.post(`${path}/bury`, { priority: pri });
        return { request, status: 204, commands: [{ verb: "bury", id, pri: pri ?? former }], answered };
      }
      default:
        return { request: this.post(`${path}/touch`), status: 200, commands: [{ verb: "touch", id }] };
    }
  }

  private over(id: number): void {
    const token = this.tokens.get(id);
    this.tokens.delete(id);
    if (token === undefined) return;
    this.staleTokens.push(token);
    if (this.staleTokens.length > KEPT_TOKENS) this.staleTokens.shift();
  }

  private staleAct(): HttpAct {
    const { random } = this;
    const token = this.staleTokens.length === 0 ? "never" : random.pick(this.staleTokens);
    const verb = random.pick(["delete", "release", "bury", "touch"]);
    return { request: this.post(`/v1/leases/${token}/${verb}`), status: 409, commands: [] };
  }

  private deleteJob(id: number): HttpAct {
    const request = { method: "DELETE", path: `/v1/jobs/${id}` };
    const state = this.model.jobs.get(id)?.now.state;
    if (state === undefined) return { request, status: 404, commands: [] };
    if (state === "reserved") return { request, status: 409, commands: [] };
    return { request, status: 204, commands: [{ verb: "delete", id }] };
  }

  private kickJob(id: number): HttpAct {
    const request = this.post(`/v1/jobs/${id}/kick`);
    const state = this.model.jobs.get(id)?.now.state;
    if (state === undefined) return { request, status: 404, commands: [] };
    if (state === "ready" || state === "reserved") return { request, status: 409, commands: [] };
    return { request, status: 200, fields: { id, state: "ready" }, commands: [{ verb: "kick-job", id }] };
  }

  private buryJob(id: number): HttpAct {
    const pri = this.random.chance(0.5) ? undefined : this.random.pick(PRIORITIES);
    const request = this.post(`/v1/jobs/${id}/bury`, { priority: pri });
    const job = this.model.jobs.get(id);
    if (job === undefined) return { request, status: 404, commands: [] };
    if (job.now.state === "reserved") return { request, status: 409, commands: [] };
    return { request, status: 200, fields: { id, state: "buried" }, commands: buried(job, pri) };
  }

  private kickTube(): HttpAct {
    const request = this.post(`/v1/tubes/${this.tube}/kick`, { count: ALL });
    if (this.model.jobs.size === 0) return { request, status: [200, 404], commands: [] };
    const ofBuried = this.inState("buried");
    const jobs = ofBuried.length > 0 ? ofBuried : this.inState("delayed");
    const commands = jobs.map(({ id }): Act => ({ verb: "kick-job", id }));
    return { request, status: 200, fields: { count: jobs.length }, commands };
  }

  private truncate(): HttpAct {
    const states = this.random.pick(
      [["ready"], ["delayed", "buried"], ["ready", "delayed", "buried"]] as State[][],
    );
    const request = this.post(`/v1/tubes/${this.tube}/truncate`, { states });
    if (this.model.jobs.size === 0) return { request, status: [200, 404], commands: [] };
    const jobs = states.flatMap((state) => this.inState(state));
    const commands = jobs.map(({ id }): Act => ({ verb: "delete", id }));
    return { request, status: 200, fields: { count: jobs.length }, commands, isAtomic: true };
  }

  private actOnMatches(): HttpAct {
    const { random } = this;
    const action = random.pick(["delete", "kick", "bury"] as const);
    const state = random.chance(0.6) ? random.pick(STATES) : undefined;
    const minPriority = random.chance(0.5) ? random.pick(PRIORITIES) : undefined;
    const jobs = [...this.model.jobs.values()].filter(({ now }) =>
      (state === undefined || now.state === state) && now.pri >= (minPriority ?? 0) &&
      concerns(action, now.state)
    );
    const match = { tube: this.tube, state, minPriority };
    const count = jobs.length;
    const how = random.weighted([8, 1, 1]);
    if (how === 1) {
      const request = this.post("/v1/actions", { match, action });
      return { request, status: 200, fields: { count, isDone: false }, commands: [] };
    }
    if (how === 2) {
      const request = this.post("/v1/actions", { match, action, expectedCount: count + 1 });
      return { request, status: 409, fields: { count }, commands: [] };
    }
    return {
      request: this.post("/v1/actions", { match, action, expectedCount: count }),
      status: 200,
      fields: { count, failed: 0, isDone: true },
      commands: jobs.flatMap((job): Act[] =>
        action === "bury"
          ? buried(job, undefined)
          : [{ verb: action === "kick" ? "kick-job" : action, id: job.id }]
      ),
    };
  }

  private look(id: number): HttpAct {
    const request = { method: "GET", path: `/v1/jobs/${id}?body=base64` };
    const job = this.model.jobs.get(id);
    if (job === undefined) return { request, status: 404, commands: [] };
    const { state, pri } = job.now;
    const answered = ({ body }: HttpReply): void => {
      if (atob(JSON.parse(body).body.text) !== job.body) violation(`the body of job ${id} is another`);
    };
    return { request, status: 200, fields: { id, state, priority: pri }, commands: [], answered };
  }

  private inState(state: State): ModelJob[] {
    return [...this.model.jobs.values()].filter(({ now }) => now.state === state);
  }
}

/** What an action on matches leaves alone. */
function concerns(action: "delete" | "kick" | "bury", state: State): boolean {
  if (action === "kick") return state === "buried" || state === "delayed";
  return state !== "reserved" && (action !== "bury" || state !== "buried");
}

function buried({ id, now }: ModelJob, pri: number | undefined): Act[] {
  return [{ verb: "reserve-job", id }, { verb: "bury", id, pri: pri ?? now.pri }];
}
