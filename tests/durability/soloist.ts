// A connection that has a tube for itself: it sends all kinds of commands, pipelined, and knows the only reply that each
// can have. When the server has been killed, its tube must be as after some of the commands that were not answered.

import type { Random } from "../support/random.ts";
import type { WireClient } from "../support/wire_client.ts";
import { bodyFor } from "./bodies.ts";
import type { SeenJob } from "./inspection.ts";
import { countPut, type Situation } from "./tally.ts";
import { adopt, faultBetween } from "./tube_faults.ts";
import { bytesOf, type Command, TubeModel } from "./tube_model.ts";
import { violation } from "./violation.ts";

export interface SoloistOptions {
  readonly tube: string;
  readonly random: Random;
  /** Jobs it has on average; Infinity: it puts until there is no room, and then deletes for a while. */
  readonly jobs: number;
  readonly largestBody: number;
  /** Some puts may have been refused for want of room. */
  readonly mayFill: boolean;
}

type Put = Command & { readonly verb: "put" };

const MOST_AT_ONCE = 8;
/** Far more than a campaign lasts, so that the order of delays is that of their lengths. */
const DELAY_STEP_S = 10_000;
const TTR_S = 1_000_000;
const INSERTED = /^INSERTED (\d+)\r\n$/;

export class Soloist {
  readonly tube: string;
  /** The tube after all commands that were answered, and those that were not, in order. */
  model: TubeModel = new TubeModel();
  unanswered: Command[] = [];
  private readonly options: SoloistOptions;
  private readonly random: Random;
  private puts = 0;
  private readonly delaysUsed = new Set<number>();
  /** How many jobs it deletes before it puts again. */
  private toDelete = 0;

  constructor(options: SoloistOptions) {
    this.options = options;
    this.random = options.random;
    this.tube = options.tube;
  }

  /** Works until the connection ends. */
  async work(client: WireClient, situation: Situation, onId: (id: number) => void): Promise<void> {
    client.send(`use ${this.tube}\r\nwatch ${this.tube}\r\nignore default\r\n`);
    for (let i = 0; i < 3; i++) if (await client.reply(60_000) === "") return;
    for (;;) {
      const commands = Array.from({ length: 1 + this.random.below(MOST_AT_ONCE) }, () => this.compose());
      this.unanswered.push(...commands);
      client.send(commands.map(bytesOf).join(""));
      for (const command of commands) {
        const reply = await client.reply(60_000);
        if (reply === "" && client.ended) return;
        this.take(command, reply, situation, onId);
        this.unanswered.shift();
      }
    }
  }

  private take(command: Command, reply: string, situation: Situation, onId: (id: number) => void): void {
    const { tally } = situation;
    tally.commands++;
    if (command.verb === "put") {
      const id = Number(INSERTED.exec(reply)?.[1] ?? 0);
      if (id === 0 && !(this.options.mayFill && reply === "OUT_OF_MEMORY\r\n")) {
        violation(`${this.tube}: a put was answered ${JSON.stringify(reply)}`);
      }
      countPut(situation, id > 0);
      if (id === 0) return void (this.toDelete = this.random.below(this.model.jobs.size + 1));
      onId(id);
      return this.model.put(command, id);
    }
    if (situation.isFull) tally.doneWhileFull++;
    const expected = this.model.apply(command);
    if (reply === "DELETED\r\n") tally.deletes++;
    if (reply !== expected) {
      const [got, wanted] = [reply, expected].map((bytes) => JSON.stringify(bytes.slice(0, 200)));
      violation(`${this.tube}: ${JSON.stringify(command)} was answered ${got} and not ${wanted}`);
    }
  }

  private compose(): Command {
    const { random, model, options } = this;
    const ids = [...model.jobs.keys()];
    if (ids.length === 0) return this.composePut();
    const id = random.pick(ids);
    const wantsMore = options.jobs === Infinity ? this.toDelete <= 0 : ids.length < options.jobs;
    const weights = [wantsMore ? 10 : 4, wantsMore ? 3 : 8, 6, 2, 4, 4, 2, 2, 1, 1];
    switch (random.weighted(weights)) {
      case 0:
        return this.composePut();
      case 1:
        this.toDelete--;
        return { verb: "delete", id };
      case 2:
        return { verb: "reserve-with-timeout" };
      case 3:
        return { verb: "reserve-job", id };
      case 4:
        return { verb: "release", id: this.held(id), pri: this.pri(), delay: this.delay() };
      case 5:
        return { verb: "bury", id: this.held(id), pri: this.pri() };
      case 6:
        return { verb: "kick", bound: random.below(4) };
      case 7:
        return { verb: "kick-job", id };
      case 8:
        return { verb: random.pick(["peek-ready", "peek-delayed", "peek-buried"] as const) };
      default:
        return { verb: random.pick(["touch", "peek"] as const), id };
    }
  }

  private composePut(): Put {
    const { random, options } = this;
    const bytes = bodyBytes(random, options.largestBody, options.jobs === Infinity);
    const body = bodyFor(`${this.tube}.${++this.puts}`, bytes);
    const ttr = TTR_S + random.below(1000);
    return { verb: "put", pri: this.pri(), delay: this.delay(), ttr, body };
  }

  /** Most often a job that is reserved, if there is one. */
  private held(otherwise: number): number {
    if (this.random.chance(0.2)) return otherwise;
    for (const job of this.model.jobs.values()) if (job.now.state === "reserved") return job.id;
    return otherwise;
  }

  private pri(): number {
    return this.random.pick([0, 1, 1023, 1024, 100_000, 4_294_967_295]);
  }

  /** None, or one that was never used: so delayed jobs have an order. */
  private delay(): number {
    if (this.random.chance(0.7)) return 0;
    for (;;) {
      const delay = DELAY_STEP_S * (1 + this.random.below(400_000));
      if (this.delaysUsed.has(delay)) continue;
      this.delaysUsed.add(delay);
      return delay;
    }
  }

  /** The server was started again: finds out what became of the unanswered commands, and goes on from there. */
  settle(seen: readonly SeenJob[], situation: Situation): void {
    const byId = new Map(seen.map((job) => [job.id, job]));
    const idOfBody = new Map(seen.map((job) => [job.body, job.id]));
    const model = this.model.copy();
    const faults: string[] = [];
    situation.tally.unanswered += this.unanswered.length;
    for (let done = 0; done <= this.unanswered.length; done++) {
      const fault = faultBetween(model, byId);
      if (fault === null) {
        situation.tally.survived += done;
        return this.adopt(model, byId);
      }
      faults.push(`  after ${done} of ${this.unanswered.length} unanswered commands: ${fault}`);
      const command = this.unanswered[done];
      if (command === undefined) break;
      if (command.verb !== "put") model.apply(command);
      else {
        const id = idOfBody.get(command.body);
        if (id !== undefined) model.put(command, id);
        // What was sent after a put that is not there has not happened either, but for a put that was refused.
        else if (!this.options.mayFill) break;
      }
    }
    violation(`${this.tube} came back as it never was:\n${faults.join("\n")}`);
  }

  private adopt(model: TubeModel, seen: ReadonlyMap<number, SeenJob>): void {
    this.model = model;
    this.unanswered = [];
    adopt(model, seen);
  }
}

/** Mostly small, sometimes as large as allowed; or larger, to fill a disk. */
export function bodyBytes(random: Random, largest: number, fills = false): number {
  const most = random.pick(fills ? [100, 3000, largest] : [30, 30, 100, 100, 500, 500, 3000, largest]);
  return Math.min(largest, random.below(most + 1));
}
