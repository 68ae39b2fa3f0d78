// One of the two servers with the connections to it: performs a step, waits until the server is through with it, and tells
// what it answered.
//
// A server is through when each command has its reply, or when its connection is known to wait: the server's own
// `current-waiting` (asked on a control connection) equals the number of connections whose next reply belongs to a reserve. Likewise `current-connections` after a close, and `cmd-put` when a put line was sent whose
// body is not complete. So nothing depends on which connection a server happens to read first.
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import type { Ask } from "./framing.ts";
import { type Observed, type Plan, waits } from "./situation.ts";
import type { Step } from "./sequence.ts";

/** The connection that the harness itself uses. */
export const CONTROL = -1;

/** So many polls in a row must agree when one could be misunderstood. */
const SURE = 3;

/** A server that has just been started may take this long for its first reply. */
const START_MS = 60_000;

interface Connection {
  readonly client: WireClient;
  readonly unanswered: Ask[];
  /** Its write side is shut, so a wait ends with TIMED_OUT. */
  ending: boolean;
  insidePut: boolean;
}

export interface SideOptions {
  command: string[];
  args: string[];
  /** How long a reply may take, in ms. */
  patience: number;
}

export class Side {
  readonly #server: ServerProcess;
  readonly #control: WireClient;
  readonly #patience: number;
  readonly #connections = new Map<number, Connection>();
  #opened: number;
  /** How often `stats` was asked to see whether the server is through; replies are shown without these. */
  #polls = 0;
  /** Puts that were counted and answered, or dropped with their connection. */
  #putsDone = 0;

  private constructor(server: ServerProcess, control: WireClient, opened: number, patience: number) {
    this.#server = server;
    this.#control = control;
    this.#opened = opened;
    this.#patience = patience;
  }

  static async start({ command, args, patience }: SideOptions): Promise<Side> {
    const server = await startServer({ command, args });
    const control = await WireClient.connect(server.port);
    // startServer's own connection, then this one.
    const side = new Side(server, control, 2, patience);
    const [problem] = await side.#settle(true, Math.max(patience, START_MS));
    if (!problem) return side;
    await side.stop();
    throw new Error(`${command.join(" ")}: ${problem.reply}`);
  }

  async stop(): Promise<void> {
    for (const { client } of this.#connections.values()) client.close();
    this.#control.close();
    await this.#server.stop();
  }

  /** Starts drain mode and waits until it is on. */
  async drain(): Promise<void> {
    this.#server.signal("SIGUSR1");
    const giveUpAt = Date.now() + this.#patience;
    do {
      this.#polls++;
    } while (!/\ndraining: true\n/.test(await this.#control.ask("stats\r\n")) && Date.now() < giveUpAt);
  }

  async perform(step: Step, plan: Plan): Promise<Observed[]> {
    const opens = !this.#connections.has(step.on);
    const connection = await this.#connection(step.on);
    connection.unanswered.push(...plan.asks);
    connection.insidePut = plan.framing.insidePut;
    for (const [i, bytes] of step.writes.entries()) {
      if (i > 0) await nextTurn();
      connection.client.send(bytes);
    }
    if (step.then === "close") this.#drop(step.on, connection);
    else if (step.then === "halfClose") {
      connection.ending = true;
      connection.client.halfClose();
    }
    const unseen = plan.asks.length === 0 && (opens || plan.framing.insidePut);
    return this.#settle(unseen || plan.framing.insidePut || step.then === "close");
  }

  /** Shuts down the given connections at once. */
  async halfClose(connections: readonly number[]): Promise<Observed[]> {
    for (const on of connections) {
      const connection = this.#connections.get(on)!;
      connection.ending = true;
      connection.client.halfClose();
    }
    return await this.#settle(true);
  }

  /** Asks on the harness's own connection. */
  async ask(lines: readonly string[]): Promise<Observed[]> {
    this.#control.send(lines.map((line) => `${line}\r\n`).join(""));
    const observed: Observed[] = [];
    for (const line of lines) {
      const reply = await this.#control.reply(this.#patience);
      const unpolled = (_: string, count: string): string => `\ncmd-stats: ${Number(count) - this.#polls}\n`;
      observed.push({ on: CONTROL, line, reply: reply.replace(/\ncmd-stats: (\d+)\n/, unpolled) });
    }
    return observed;
  }

  async #connection(on: number): Promise<Connection> {
    const known = this.#connections.get(on);
    if (known) return known;
    const client = await WireClient.connect(this.#server.port);
    const connection = { client, unanswered: [], ending: false, insidePut: false };
    this.#connections.set(on, connection);
    this.#opened++;
    return connection;
  }

  #drop(on: number, connection: Connection): void {
    connection.client.close();
    this.#connections.delete(on);
    if (connection.insidePut) this.#putsDone++;
  }

  async #settle(ask: boolean, patience = this.#patience): Promise<Observed[]> {
    const observed: Observed[] = [];
    const giveUpAt = Date.now() + patience;
    let agreed = 0;
    for (;;) {
      const before = observed.length;
      const connections = this.#connections.size;
      for (const [on, connection] of this.#connections) {
        if (!(await this.#collect(on, connection, observed))) return observed;
      }
      if (this.#connections.size !== connections) ask = true;
      const waiting = [...this.#connections.values()].filter((connection) =>
        connection.unanswered.length > 0
      ).length;
      if (waiting === 0 && !ask) return observed;
      if (observed.length !== before && waiting > 0) continue;
      const problem = await this.#poll(waiting, patience);
      // Of a connection with several waits it is not known at which one it is: its replies may still be on their way.
      const unsure = [...this.#connections.values()].some(({ unanswered }) => waits(unanswered) > 1);
      agreed = problem ? 0 : agreed + 1;
      if (agreed > 0 && unsure) await nextTurn();
      if (this.#hasReply()) agreed = 0;
      else if (agreed === (unsure ? SURE : 1)) return observed;
      if (Date.now() > giveUpAt) {
        return [...observed, {
          on: CONTROL,
          line: "stats",
          reply: `(unsettled: ${problem})`,
        }];
      }
    }
  }

  #hasReply(): boolean {
    return [...this.#connections.values()].some(({ client, unanswered }) =>
      unanswered.length > 0 && client.unread !== ""
    );
  }

  /** Takes the replies that are there or must come. False when one is missing. */
  async #collect(on: number, connection: Connection, observed: Observed[]): Promise<boolean> {
    const { client, unanswered, ending } = connection;
    while (unanswered.length > 0) {
      const { line, kind, put } = unanswered[0];
      if (kind === "quit") return this.#end(on, connection, observed);
      const mayWait = kind === "wait" && !ending;
      const reply = await client.reply(mayWait ? 0 : this.#patience);
      if (reply === "" && mayWait && !client.ended) return true;
      if (reply === "") {
        observed.push({ on, line, reply: client.ended ? "(closed without a reply)" : "(no reply)" });
        return false;
      }
      unanswered.shift();
      if (put) this.#putsDone++;
      // Whether a poll came before or after is left to chance; the harness's own connection compares the exact count.
      observed.push({ on, line, reply: reply.replace(/\ncmd-stats: \d+\n/, "\ncmd-stats: …\n") });
    }
    return ending ? this.#end(on, connection, observed) : true;
  }

  /** The server has to close now, and to have said nothing more. */
  async #end(on: number, connection: Connection, observed: Observed[]): Promise<boolean> {
    const closed = await connection.client.closed(this.#patience);
    const extra = connection.client.unread;
    observed.push({
      on,
      line: "",
      reply: !closed ? "(not closed)" : extra ? `(closed after ${extra})` : "(closed)",
    });
    this.#drop(on, connection);
    return closed;
  }

  /** What the server has not come to yet, or undefined. */
  async #poll(waiting: number, patience: number): Promise<string | undefined> {
    this.#polls++;
    const stats = await this.#control.ask("stats\r\n", patience);
    const count = (key: string): number => Number(new RegExp(`\n${key}: (\\d+)\n`).exec(stats)?.[1] ?? NaN);
    const inside =
      [...this.#connections.values()].filter((c) => c.insidePut && c.unanswered.length === 0).length;
    const expected: Record<string, number> = {
      "current-waiting": waiting,
      "current-connections": this.#connections.size + 1,
      "total-connections": this.#opened,
      "cmd-put": this.#putsDone + inside,
    };
    const wrong = Object.keys(expected).filter((key) => count(key) !== expected[key]);
    return wrong.length
      ? wrong.map((key) => `${key} ${count(key)} instead of ${expected[key]}`).join(", ")
      : undefined;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
