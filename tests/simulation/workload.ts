// What clients say: commands drawn by the plan's mix, about jobs and tubes that exist, may exist, or never did.

import type { Random } from "../support/random.ts";
import type { Command, Kind } from "./command.ts";
import { line, put, requeue } from "./command.ts";
import { drawMalformed } from "./malformed.ts";
import type { Model } from "./model.ts";
import type { Job, Peer } from "./places.ts";
import type { Plan } from "./plan.ts";

const EVERY = 1_000_000;
/** Jobs beyond which no more are put in bulk. */
const MOST_JOBS = 3500;
const SPECIAL_IDS = [0, 9_007_199_254_740_991, 4_294_967_296];

export class Workload {
  private readonly random: Random;
  private readonly plan: Plan;
  private readonly modelNow: () => Model;
  private bodies = 0;

  /** `modelNow` answers what is known of the queue; it is another one after a restart. */
  constructor(random: Random, plan: Plan, modelNow: () => Model) {
    this.random = random;
    this.plan = plan;
    this.modelNow = modelNow;
  }

  private get model(): Model {
    return this.modelNow();
  }

  /** One command of a client. */
  draw(peer: Peer): Command {
    const { random, plan } = this;
    if (random.chance(plan.faults.malformed)) return drawMalformed(random, plan.maxJobBytes);
    return this.ofKind(plan.kinds[random.weighted(plan.weights)], peer);
  }

  /** What a client says when it has thousands of jobs to move; which, depends on where they are. */
  drawBulk(peer: Peer): Command[] {
    const { random, plan, model } = this;
    const count = 2100 + random.below(600);
    const { used, held } = peer;
    if (held.length > 1000) return held.items.map((job) => this.ofHeld(job, random.below(2)));
    if (used.buried.size > 1000 || used.delayed.length > 1000) {
      return [line("kick", `kick ${EVERY}`, { bound: EVERY })];
    }
    if (used.ready.length > 1000) return Array.from({ length: count }, () => this.reserveWithTimeout(0));
    if (model.jobs.size > MOST_JOBS) return [this.ofKind("statsTube", peer)];
    const delay = random.pick([0, 0, 1, 2]);
    return Array.from(
      { length: count },
      () => put(random.pick(plan.pris), delay, random.pick(plan.ttrs), this.body()),
    );
  }

  /** What somebody within the process does to a job. */
  drawRequeue(peer: Peer): Command {
    const { random, plan } = this;
    const [pri, delay, ttr] = [random.pick(plan.pris), random.pick(plan.delays), random.pick(plan.ttrs)];
    const tube = random.chance(0.5) ? "" : random.pick(plan.tubes);
    return requeue({ id: this.id(peer), tube, pri, delay, ttr }, random.chance(0.5) ? this.body() : null);
  }

  private ofHeld(job: Job, coin: number): Command {
    const { id } = job;
    const pri = this.random.pick(this.plan.pris);
    if (coin === 0) return line("bury", `bury ${id} ${pri}`, { id, pri });
    return line("release", `release ${id} ${pri} 1`, { id, pri, delay: 1 });
  }

  private ofKind(kind: Kind, peer: Peer): Command {
    const { random, plan } = this;
    const pri = random.pick(plan.pris);
    const delay = random.pick(plan.delays);
    switch (kind) {
      case "put": {
        const trailer = random.chance(plan.faults.malformed)
          ? random.pick(["xy", "\r\r", "\n\r", "x\n"])
          : "\r\n";
        return put(pri, delay, random.pick(plan.ttrs), this.body(), trailer);
      }
      case "reserveWithTimeout":
        return this.reserveWithTimeout(random.pick(plan.timeouts));
      case "release":
        return this.aboutJob(kind, "release", peer, ` ${pri} ${delay}`, { pri, delay });
      case "bury":
        return this.aboutJob(kind, "bury", peer, ` ${pri}`, { pri });
      case "reserveJob":
        return this.aboutJob(kind, "reserve-job", peer);
      case "kickJob":
        return this.aboutJob(kind, "kick-job", peer);
      case "statsJob":
        return this.aboutJob(kind, "stats-job", peer);
      case "delete":
      case "touch":
      case "peek":
        return this.aboutJob(kind, kind, peer);
      case "kick": {
        const [text, bound] = random.pick([["1", 1], ["2", 2], ["7", 7], ["-1", 4_294_967_295], ["+3x", 3], [
          "4294967296",
          0,
        ]]);
        return line(kind, `kick ${text}`, { bound: bound as number });
      }
      case "statsTube":
        return this.aboutTube(kind, "stats-tube ");
      case "use":
      case "watch":
      case "ignore":
        return this.aboutTube(kind, `${kind} `);
      case "deleteTube":
        return this.aboutTube(kind, "delete-tube ");
      case "truncate":
        return this.truncate();
      case "pauseTube": {
        const seconds = random.pick(plan.pauses);
        const tube = random.pick(plan.tubes);
        return line(kind, `pause-tube${random.pick([" ", "  ", ""])}${tube} ${seconds}`, { tube, seconds });
      }
      default:
        return line(kind, PLAIN[kind]!);
    }
  }

  private reserveWithTimeout(seconds: number): Command {
    const text = `reserve-with-timeout ${this.random.chance(0.9) ? "" : " "}${seconds}`;
    return line("reserveWithTimeout", text, { seconds });
  }

  private truncate(): Command {
    const { random } = this;
    const tube = random.pick(this.plan.tubes);
    // With a name of full length there is no room in a line for more than one state.
    const most = tube.length > 100 ? 1 : 3;
    const states = STATES.slice(random.below(3)).slice(0, random.below(most + 1));
    const mask = (states.length === 0 ? STATES : states).reduce((sum, [, number]) => sum | 1 << number, 0);
    const text = states.map(([word]) => ` ${word}`).join("");
    return line("truncate", `truncate ${tube}${text}`, { tube, states: mask });
  }

  private aboutTube(kind: Kind, word: string): Command {
    const tube = this.random.pick(this.plan.tubes);
    return line(kind, word + tube, { tube });
  }

  private aboutJob(
    kind: Kind,
    word: string,
    peer: Peer,
    rest: string = "",
    meaning: Partial<Command> = {},
  ): Command {
    const id = this.id(peer);
    const spaces = this.random.chance(0.95) ? "" : this.random.pick([" ", "00", "   0"]);
    return line(kind, `${word} ${spaces}${id}${rest}`, { ...meaning, id });
  }

  /** Mostly a job it holds, else one of any tube, the next ones to come, or any number. */
  private id(peer: Peer): number {
    const { random, model } = this;
    const luck = random.next();
    if (luck < 0.5 && peer.held.length > 0) return random.pick(peer.held.items).id;
    if (luck < 0.85) {
      const tube = model.tubes.get(random.pick(this.plan.tubes));
      const jobs = tube === undefined
        ? []
        : random.pick([tube.ready.items, tube.delayed.items, [...tube.buried]]);
      if (jobs.length > 0) return random.pick(jobs).id;
    }
    if (luck < 0.92) return model.lastId + random.below(2);
    return luck < 0.98 ? random.below(model.lastId + 2) : random.pick(SPECIAL_IDS);
  }

  /** Bodies full of line ends; those with room for it carry a number of their own. */
  private body(): Uint8Array {
    const { random } = this;
    const body = new Uint8Array(random.pick(this.plan.bodySizes));
    const first = random.below(256);
    for (let i = 0; i < body.length; i++) {
      body[i] = (i & 7) === 6 ? 13 : (i & 7) === 7 ? 10 : (first + i * 7) & 0xff;
    }
    const number = ++this.bodies;
    for (let i = 0; i < 4 && i < body.length; i++) body[i] = (number >>> (8 * i)) & 0xff;
    return body;
  }
}

const STATES: readonly (readonly [string, number])[] = [["ready", 1], ["delayed", 2], ["buried", 4]];

const PLAIN: Partial<Record<Kind, string>> = {
  reserve: "reserve",
  peekReady: "peek-ready",
  peekDelayed: "peek-delayed",
  peekBuried: "peek-buried",
  stats: "stats",
  listTubes: "list-tubes",
  listTubeUsed: "list-tube-used",
  listTubesWatched: "list-tubes-watched",
  quit: "quit",
};
