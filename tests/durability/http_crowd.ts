// HTTP clients in the tubes of the crowd: what one puts, another reserves, also over TCP. Leases are acted on by several
// connections at the same time, some of them later than others.

import type { Random } from "../support/random.ts";
import { type Crowd, DELAY_S, type SharedJob, TTR_S } from "./crowd.ts";
import { HttpClient, type HttpReply, type HttpRequest, saysNothingWasDone } from "./http_client.ts";
import type { Situation } from "./tally.ts";
import { violation } from "./violation.ts";

interface Lease {
  readonly token: string;
  readonly id: number;
  readonly job: SharedJob;
}

/** Connections of one client. */
const CONNECTIONS = 4;
/** Leases that a client keeps before it acts on some. */
const MOST_LEASES = 12;

export class HttpCrowdClient {
  private readonly crowd: Crowd;
  private readonly tubes: readonly string[];
  private readonly name: number;
  private readonly random: Random;
  private leases: Lease[] = [];
  private keys = 0;
  private isOver = false;

  constructor(crowd: Crowd, tubes: readonly string[], name: number, random: Random) {
    this.crowd = crowd;
    this.tubes = tubes;
    this.name = name;
    this.random = random;
  }

  /** Works until the server ends. */
  async work(port: number, situation: Situation, onId: (id: number) => void): Promise<void> {
    this.leases = [];
    this.isOver = false;
    const opened = Array.from({ length: CONNECTIONS }, () => HttpClient.connect(port).catch(() => null));
    const clients = (await Promise.all(opened)).filter((client) => client !== null);
    try {
      while (!this.isOver && clients.length === CONNECTIONS) {
        const { leases, crowd, random } = this;
        const action = random.weighted([
          crowd.isLarge ? 1 : 4,
          leases.length < MOST_LEASES ? 4 : 0,
          leases.length,
          0.3,
        ]);
        if (action === 0) await this.put(clients, situation, onId);
        else if (action === 1) await this.reserve(clients[0], situation);
        else if (action === 2) await this.finishSome(clients, situation);
        else await this.kickBuried(clients[0], situation);
      }
    } finally {
      for (const client of clients) client.close();
    }
  }

  /** Null: there is no answer, or one of a server that stops; then the act may have happened unless `wasNothing`. */
  private async ask(
    client: HttpClient,
    request: HttpRequest,
    { tally }: Situation,
  ): Promise<{ reply: HttpReply | null; wasNothing: boolean }> {
    const reply = await client.ask(request);
    if (reply !== null) tally.httpAnswers++;
    else tally.httpUnanswered++;
    if (reply !== null && reply.status !== 503) return { reply, wasNothing: false };
    this.isOver = true;
    return { reply: null, wasNothing: reply !== null && saysNothingWasDone(reply) };
  }

  private async put(clients: HttpClient[], situation: Situation, onId: (id: number) => void): Promise<void> {
    const { crowd, random } = this;
    const put = crowd.beginPut(random);
    const key = random.chance(0.5) ? `${this.name} ${++this.keys} ${put.tag}` : null;
    const request: HttpRequest = {
      method: "POST",
      path: `/v1/tubes/${random.pick(this.tubes)}/jobs?priority=${put.pri}&ttr=${TTR_S}`,
      headers: key === null ? {} : { "idempotency-key": key },
      bytes: put.body,
    };
    const copies = key === null ? 1 : 1 + random.below(3);
    const asked = await Promise.all(
      clients.slice(0, copies).map((client) => this.ask(client, request, situation)),
    );
    const ids = new Set<number>();
    for (const { reply } of asked) {
      if (reply === null) continue;
      if (reply.status !== 201) violation(`a put was answered ${reply.status} ${reply.body}`);
      ids.add(JSON.parse(reply.body).id);
    }
    if (ids.size > 1) violation(`one key was given the ids ${[...ids]}`);
    const [id] = ids;
    if (id !== undefined) crowd.endPut(put, id, situation, onId);
    else if (asked.every(({ wasNothing }) => wasNothing)) crowd.endPut(put, 0, situation, onId);
  }

  private async reserve(client: HttpClient, situation: Situation): Promise<void> {
    const { random } = this;
    const json = {
      tubes: this.tubes,
      count: 1 + random.below(5),
      timeoutSeconds: random.below(2),
      body: "base64",
    };
    const { reply } = await this.ask(client, { method: "POST", path: "/v1/reserve", json }, situation);
    if (reply === null) return;
    if (reply.status !== 200) violation(`a reserve was answered ${reply.status} ${reply.body}`);
    const jobs = JSON.parse(reply.body).jobs as { id: number; token: string; body: { text: string } }[];
    for (const { id, token, body: { text } } of jobs) {
      this.leases.push({ token, id, job: this.crowd.grant(id, atob(text), this.name) });
    }
  }

  /** Some leases, each on a connection of its own; leases of one reserve share a session. */
  private async finishSome(clients: HttpClient[], situation: Situation): Promise<void> {
    const { random } = this;
    const from = random.below(this.leases.length);
    const some = this.leases.splice(from, 1 + random.below(clients.length));
    await Promise.all(some.map((lease, i) => this.finish(clients[i], lease, situation)));
  }

  private async finish(client: HttpClient, { token, id, job }: Lease, situation: Situation): Promise<void> {
    const { crowd, random } = this;
    const act = async (
      verb: string,
      status: number,
      json?: unknown,
    ): Promise<"done" | "nothing" | "unknown"> => {
      const request = { method: "POST", path: `/v1/leases/${token}/${verb}`, json };
      const { reply, wasNothing } = await this.ask(client, request, situation);
      if (reply === null) return wasNothing ? "nothing" : "unknown";
      // The lease is this client's and its time does not run out: there is no other answer, however slow the disk is.
      if (reply.status !== status) {
        violation(`${verb} of job ${id} was answered ${reply.status} ${reply.body}`);
      }
      return "done";
    };
    const what = random.weighted([5, 2, 1, 2, 1]);
    const pri = random.below(5);
    if (what === 4 && await act("touch", 200) !== "done") return;
    if (what === 0 || what === 4) {
      crowd.beginDelete(job);
      const outcome = await act("delete", 204);
      if (outcome === "nothing") job.deleteSent = false;
      if (outcome !== "done") return;
      job.isDeleted = true;
      situation.tally.deletes++;
    } else {
      const move = crowd.beginMove(job, pri, what === 1 ? "ready" : what === 2 ? "delayed" : "buried");
      const outcome = what === 3
        ? await act("bury", 204, { priority: pri })
        : await act("release", 204, { priority: pri, delay: what === 2 ? DELAY_S : 0 });
      if (outcome === "nothing") job.moves = job.moves.filter((other) => other !== move);
      if (outcome !== "done") return;
      move.answeredAt = performance.now();
    }
    // Whoever comes with the token again does nothing, and is told so.
    if (random.chance(0.2)) await act(random.pick(["delete", "release", "bury", "touch"]), 409);
  }

  /** All buried jobs of a tube, if there are still as many. */
  private async kickBuried(client: HttpClient, situation: Situation): Promise<void> {
    const json = { match: { tube: this.random.pick(this.tubes), state: "buried" }, action: "kick" };
    const request = { method: "POST", path: "/v1/actions" };
    const { reply: counted } = await this.ask(client, { ...request, json }, situation);
    if (counted === null) return;
    if (counted.status !== 200) violation(`an action was answered ${counted.status} ${counted.body}`);
    const { count } = JSON.parse(counted.body);
    const { reply } = await this.ask(
      client,
      { ...request, json: { ...json, expectedCount: count } },
      situation,
    );
    if (reply === null) return;
    if (reply.status !== 200 && reply.status !== 409) {
      violation(`an action was answered ${reply.status} ${reply.body}`);
    }
    if (reply.status === 409) situation.tally.httpConflicts++;
  }
}
