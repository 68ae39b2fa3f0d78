// Connections that share tubes: what one puts another reserves, deletes, releases or buries. Here the order in which the
// server took commands of different connections is known only where one was answered before the next was sent, so a job
// may be as any of the last commands left it that are not known to come before another.

import type { Random } from "../support/random.ts";
import type { WireClient } from "../support/wire_client.ts";
import { bodyFor, tagOf } from "./bodies.ts";
import type { SeenJob } from "./inspection.ts";
import { bodyBytes } from "./soloist.ts";
import { countPut, type Situation } from "./tally.ts";
import type { State } from "./tube_model.ts";
import { violation } from "./violation.ts";

/** A command that gave a job a priority and a place. */
export interface Move {
  readonly pri: number;
  readonly state: State;
  readonly sentAt: number;
  answeredAt: number;
}

export interface SharedJob {
  readonly tag: string;
  moves: Move[];
  deleteSent: boolean;
  isDeleted: boolean;
  /** The connection that has it reserved, as far as is known. */
  holder: number;
}

/** A put that was sent. */
export interface SharedPut {
  readonly tag: string;
  readonly body: string;
  readonly pri: number;
  readonly move: Move;
}

export const TTR_S = 1_000_000;
export const DELAY_S = 1_000_000;
const RESERVED = /^RESERVED (\d+) \d+\r\n([^]*)\r\n$/;
const NOBODY = -1;

export class Crowd {
  private readonly tubes: readonly string[];
  private readonly largestBody: number;
  private readonly mayFill: boolean;
  private readonly jobs = new Map<number, SharedJob>();
  /** Puts that were sent and not answered, by tag. */
  private readonly pendingPuts = new Map<string, Move>();
  private puts = 0;

  constructor(tubes: readonly string[], largestBody: number, mayFill: boolean) {
    this.tubes = tubes;
    this.largestBody = largestBody;
    this.mayFill = mayFill;
  }

  /** Ids of jobs that may be there. */
  get ids(): Iterable<number> {
    return this.jobs.keys();
  }

  owns(tube: string): boolean {
    return this.tubes.includes(tube);
  }

  /** Works on one connection until it ends. */
  async work(
    client: WireClient,
    name: number,
    random: Random,
    situation: Situation,
    onId: (id: number) => void,
  ): Promise<void> {
    client.send(
      `use ${random.pick(this.tubes)}\r\n${this.tubes.map((tube) => `watch ${tube}\r\n`).join("")}`,
    );
    for (let i = 0; i <= this.tubes.length; i++) await client.reply(60_000);
    while (!client.ended) {
      const action = random.weighted([!this.isLarge && !situation.isFull ? 5 : 1, 5, 0.5]);
      if (action === 0) await this.putSome(client, random, situation, onId);
      else if (action === 1) await this.workOnOne(client, name, random, situation);
      else await client.ask(`kick ${random.below(5)}\r\n`, 60_000);
    }
  }

  private async putSome(
    client: WireClient,
    random: Random,
    situation: Situation,
    onId: (id: number) => void,
  ): Promise<void> {
    const puts: (SharedPut & { bytes: string })[] = [];
    for (let left = random.below(4); left >= 0; left--) {
      const put = this.beginPut(random);
      const { pri, body } = put;
      puts.push({ ...put, bytes: `put ${pri} 0 ${TTR_S} ${body.length}\r\n${body}\r\n` });
    }
    client.send(puts.map(({ bytes }) => bytes).join(""));
    for (const put of puts) {
      const reply = await client.reply(60_000);
      if (reply === "" && client.ended) return;
      situation.tally.commands++;
      const id = Number(/^INSERTED (\d+)\r\n$/.exec(reply)?.[1] ?? 0);
      if (id === 0 && !(this.mayFill && reply === "OUT_OF_MEMORY\r\n")) {
        violation(`a put: ${JSON.stringify(reply)}`);
      }
      this.endPut(put, id, situation, onId);
    }
  }

  // What a connection does, by whatever way it came; see http_crowd.ts for HTTP.

  get isLarge(): boolean {
    return this.jobs.size >= 300;
  }

  /** A put is about to be sent. */
  beginPut(random: Random): SharedPut {
    const tag = `crowd.${++this.puts}`;
    const body = bodyFor(tag, bodyBytes(random, this.largestBody));
    const pri = random.below(5);
    const move = newMove(pri, "ready");
    this.pendingPuts.set(tag, move);
    return { tag, body, pri, move };
  }

  /** It was answered: with an id, or 0 when it was refused. */
  endPut({ tag, move }: SharedPut, id: number, situation: Situation, onId: (id: number) => void): void {
    this.pendingPuts.delete(tag);
    countPut(situation, id > 0);
    if (id === 0) return;
    onId(id);
    move.answeredAt = performance.now();
    // Another connection may have reserved it before its put was answered here.
    const known = this.jobs.get(id);
    if (known === undefined) this.jobs.set(id, newJob(tag, move));
    else if (known.tag !== tag) violation(`id ${id} is given to ${tag} and to ${known.tag}`);
  }

  /** An act that gives a job a priority and a place is about to be sent. */
  beginMove(job: SharedJob, pri: number, state: State): Move {
    job.holder = NOBODY;
    const move = newMove(pri, state);
    job.moves.push(move);
    return move;
  }

  beginDelete(job: SharedJob): void {
    job.holder = NOBODY;
    job.deleteSent = true;
  }

  private async workOnOne(
    client: WireClient,
    name: number,
    random: Random,
    situation: Situation,
  ): Promise<void> {
    const granted = await client.ask(`reserve-with-timeout ${random.below(2)}\r\n`, 60_000);
    if (granted === "" || granted === "TIMED_OUT\r\n") return;
    const match = RESERVED.exec(granted) ?? violation(`a reserve: ${JSON.stringify(granted.slice(0, 100))}`);
    const id = Number(match[1]);
    const job = this.grant(id, match[2], name);
    const ends = await this.finish(client, id, job, random, situation);
    if (!ends) return;
    situation.tally.commands += 2;
    if (situation.isFull) situation.tally.doneWhileFull++;
  }

  /** A job was reserved. */
  grant(id: number, body: string, name: number): SharedJob {
    const tag = tagOf(body) ?? violation(`the body of job ${id} is not whole`);
    let job = this.jobs.get(id);
    if (job === undefined) {
      const move = this.pendingPuts.get(tag) ??
        violation(`job ${id} of ${tag} was never put, or is there twice`);
      job = newJob(tag, move);
      this.jobs.set(id, job);
    }
    if (job.tag !== tag) violation(`job ${id} has the body of ${tag} and not of ${job.tag}`);
    if (job.isDeleted) violation(`job ${id} was deleted, and is granted`);
    if (job.holder !== NOBODY) violation(`job ${id} is granted to ${name} while ${job.holder} has it`);
    job.holder = name;
    return job;
  }

  /** Does something with a reserved job. False: the connection ended first. */
  private async finish(
    client: WireClient,
    id: number,
    job: SharedJob,
    random: Random,
    situation: Situation,
  ): Promise<boolean> {
    const what = random.weighted([5, 2, 1, 2]);
    const pri = random.below(5);
    if (what === 0) {
      this.beginDelete(job);
      if (!await expect(client, `delete ${id}\r\n`, "DELETED\r\n")) return false;
      job.isDeleted = true;
      situation.tally.deletes++;
      return true;
    }
    const state = what === 1 ? "ready" : what === 2 ? "delayed" : "buried";
    const move = this.beginMove(job, pri, state);
    const answered = what === 3
      ? await expect(client, `touch ${id}\r\nbury ${id} ${pri}\r\n`, "TOUCHED\r\nBURIED\r\n")
      : await expect(client, `release ${id} ${pri} ${what === 2 ? DELAY_S : 0}\r\n`, "RELEASED\r\n");
    if (answered) move.answeredAt = performance.now();
    return answered;
  }

  /** The server was started again: every job that was acknowledged is there, and none that was deleted. */
  settle(seen: readonly SeenJob[]): void {
    const byId = new Map(seen.map((job) => [job.id, job]));
    for (const [id, job] of this.jobs) {
      const back = byId.get(id);
      if (back === undefined) {
        if (!job.deleteSent) violation(`job ${id} of ${job.tag} is missing`);
        this.jobs.delete(id);
      } else if (job.isDeleted) violation(`job ${id} of ${job.tag} was deleted, and is back`);
    }
    for (const [id, back] of byId) {
      const tag = tagOf(back.body) ?? violation(`the body of job ${id} is not whole`);
      let job = this.jobs.get(id);
      if (job === undefined) {
        const move = this.pendingPuts.get(tag) ?? violation(`job ${id} of ${tag} is back, or was never put`);
        job = newJob(tag, move);
      } else checkMoves(back, job);
      if (job.tag !== tag) violation(`job ${id} has the body of ${tag} and not of ${job.tag}`);
      this.jobs.set(id, newJob(tag, { pri: back.pri, state: back.state, sentAt: 0, answeredAt: 0 }));
    }
    this.pendingPuts.clear();
  }
}

function newMove(pri: number, state: State): Move {
  return { pri, state, sentAt: performance.now(), answeredAt: Infinity };
}

function newJob(tag: string, move: Move): SharedJob {
  return { tag, moves: [move], deleteSent: false, isDeleted: false, holder: NOBODY };
}

async function expect(client: WireClient, bytes: string, replies: string): Promise<boolean> {
  client.send(bytes);
  let got = "";
  while (got.length < replies.length) {
    const reply = await client.reply(60_000);
    if (reply === "" && client.ended) return false;
    got += reply;
    if (!replies.startsWith(got)) violation(`${JSON.stringify(bytes)} was answered ${JSON.stringify(got)}`);
  }
  return true;
}

/** It is as one of its last moves left it; being kicked, of which nobody knows whom it met, makes it ready. */
function checkMoves(back: SeenJob, { tag, moves }: SharedJob): void {
  const latest = Math.max(
    ...moves.filter(({ answeredAt }) => answeredAt < Infinity).map(({ sentAt }) => sentAt),
    0,
  );
  const possible = moves.filter(({ answeredAt }) => answeredAt >= latest);
  const isPossible = possible.some(({ pri, state }) =>
    pri === back.pri && (back.state === "ready" || back.state === state)
  );
  if (isPossible) return;
  const wanted = possible.map(({ pri, state }) => `${state} ${pri}`).join(" or ");
  violation(`job ${back.id} of ${tag} is ${back.state} ${back.pri} and not ${wanted}`);
}
