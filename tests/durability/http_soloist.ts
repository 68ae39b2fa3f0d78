// An HTTP client that has a tube for itself: puts with and without keys, leases, acts on single jobs and on all that match.
// It knows the only answer that each request can have, 404 and 409 included. See soloist.ts for the same over TCP.

import type { Random } from "../support/random.ts";
import { bodyFor } from "./bodies.ts";
import { apply, faultOfReply, type HttpAct, settleUnanswered } from "./http_acts.ts";
import { HttpClient, type HttpReply, saysNothingWasDone } from "./http_client.ts";
import { HttpComposer } from "./http_composer.ts";
import { HttpPuts, type Put } from "./http_puts.ts";
import type { SeenJob } from "./inspection.ts";
import { bodyBytes } from "./soloist.ts";
import type { Situation } from "./tally.ts";
import { adopt, faultBetween } from "./tube_faults.ts";
import { TubeModel } from "./tube_model.ts";
import { violation } from "./violation.ts";

const TTR_S = 1_000_000;

export class HttpSoloist {
  readonly tube: string;
  model: TubeModel = new TubeModel();
  private readonly random: Random;
  private readonly largestBody: number;
  private readonly puts: HttpPuts;
  private composer: HttpComposer;
  private putCount = 0;
  private unansweredPut: Put | null = null;
  private unanswered: HttpAct | null = null;

  constructor(tube: string, random: Random, largestBody: number) {
    this.tube = tube;
    this.random = random;
    this.largestBody = largestBody;
    this.puts = new HttpPuts(random);
    this.composer = new HttpComposer(tube, random, this.model);
  }

  /** Works until the server ends. */
  async work(port: number, situation: Situation, onId: (id: number) => void): Promise<void> {
    const clients = await Promise.all([HttpClient.connect(port), HttpClient.connect(port)]).catch(() => []);
    try {
      while (clients.length > 0) {
        const isPut = this.random.chance(this.model.jobs.size < 12 ? 0.35 : 0.1);
        const goesOn = isPut
          ? await this.put(clients, situation, onId)
          : await this.act(clients[0], situation);
        if (!goesOn) return;
      }
    } finally {
      for (const client of clients) client.close();
    }
  }

  private async put(
    clients: HttpClient[],
    situation: Situation,
    onId: (id: number) => void,
  ): Promise<boolean> {
    const { random, puts } = this;
    const { tally } = situation;
    if (puts.hasAnswered && random.chance(0.2)) return await this.putAgain(clients[0], situation);
    const put = puts.compose(
      this.tube,
      bodyFor(`${this.tube}.${++this.putCount}`, bodyBytes(random, this.largestBody)),
      {
        pri: random.pick([0, 1, 1023, 1024, 100_000, 4_294_967_295]),
        delay: this.composer.delay(),
        ttr: TTR_S + random.below(1000),
      },
    );
    this.unansweredPut = put;
    // With a key it may be sent twice at the same time, the second while the first one waits for the disk.
    const copies = put.key !== null && random.chance(0.4) ? 2 : 1;
    const replies = await Promise.all(clients.slice(0, copies).map((client) => client.ask(put.request)));
    const answers = replies.filter((reply): reply is HttpReply => reply !== null);
    const ids = new Set(
      answers.filter(({ status }) => status === 201).map(({ body }) => JSON.parse(body).id as number),
    );
    const others = answers.filter(({ status }) => status !== 201);
    if (ids.size > 1) violation(`${this.tube}: one key was given the ids ${[...ids]}`);
    const wrong = others.find(({ status }) => status !== 503);
    if (wrong !== undefined) violation(`${this.tube}: a put was answered ${wrong.status} ${wrong.body}`);
    const [id] = ids;
    if (id !== undefined) {
      this.unansweredPut = null;
      tally.puts++;
      onId(id);
      this.model.put(put.command, id);
      puts.answered(put, id);
    } else if (others.length === copies && others.every(saysNothingWasDone)) this.unansweredPut = null;
    tally.httpAnswers += answers.length;
    return answers.length === copies && others.length === 0;
  }

  /** A key that was used in this life of the server: the same put is answered the same, another one refused. */
  private async putAgain(client: HttpClient, situation: Situation): Promise<boolean> {
    const { request, status, id } = this.puts.again();
    const reply = await client.ask(request);
    if (reply === null || saysNothingWasDone(reply)) return false;
    situation.tally.httpAnswers++;
    if (reply.status !== status || (status === 201 && JSON.parse(reply.body).id !== id)) {
      violation(
        `${this.tube}: a put sent again was answered ${reply.status} ${reply.body} and not ${status}, ${id}`,
      );
    }
    return true;
  }

  private async act(client: HttpClient, situation: Situation): Promise<boolean> {
    const act = this.composer.compose();
    this.unanswered = act;
    const reply = await client.ask(act.request);
    if (reply === null) return false;
    situation.tally.httpAnswers++;
    if (saysNothingWasDone(reply)) {
      this.unanswered = null;
      return false;
    }
    if (reply.status === 503) return false;
    const fault = faultOfReply(act, reply);
    if (fault !== null) {
      const { method, path, json } = act.request;
      violation(`${this.tube}: ${method} ${path} ${JSON.stringify(json ?? null)} was answered ${fault}`);
    }
    if (reply.status === 409) situation.tally.httpConflicts++;
    apply(act, this.model);
    situation.tally.deletes += act.commands.filter(({ verb }) => verb === "delete").length;
    act.answered?.(reply);
    this.unanswered = null;
    return true;
  }

  /** The server was started again: finds out what became of the request that was not answered, and goes on from there. */
  settle(seen: readonly SeenJob[], { tally }: Situation): void {
    const byId = new Map(seen.map((job) => [job.id, job]));
    const { unanswered, unansweredPut } = this;
    let { model } = this;
    if (unansweredPut !== null) {
      tally.httpUnanswered++;
      const survivor = seen.find(({ body }) => body === unansweredPut.command.body);
      if (survivor !== undefined) {
        tally.httpSurvived++;
        model.put(unansweredPut.command, survivor.id);
      }
    }
    if (unanswered !== null) {
      tally.httpUnanswered++;
      const { model: after, done } = settleUnanswered(unanswered, model, byId);
      if (done > 0) tally.httpSurvived++;
      model = after;
    }
    const fault = faultBetween(model, byId);
    if (fault !== null) {
      const open = unanswered === null
        ? "nothing"
        : `${unanswered.request.method} ${unanswered.request.path}`;
      violation(`${this.tube} came back as it never was: ${fault}; not answered: ${open}`);
    }
    adopt(model, byId);
    this.model = model;
    this.unanswered = this.unansweredPut = null;
    this.puts.forget();
    this.composer = this.composer.next(model);
  }
}
