// A queue behind TCP, as the face reaches it: one connection for commands, pipelined and made again when it breaks, and a
// lane's own for reserves.

import { abortable } from "../abortable.ts";
import type { Answer, Backend, Lane, PutBodies, PutNumbers, PutOutcome, PutResult } from "../backend.ts";
import type { ClientEvent } from "../client_event.ts";
import { fieldsOf } from "../documents.ts";
import { DisconnectedError, refusal } from "../errors.ts";
import { closedError } from "../lanes.ts";
import { CommandWire } from "./command_wire.ts";
import type { Dialler } from "./dialler.ts";
import { isReading, ManyReplies, OneReply, putResult, UsingReply } from "./receptions.ts";
import { TcpLane } from "./tcp_lane.ts";
import type { Wire } from "./wire.ts";

/** How often a command that only reads is asked again when its connection breaks. */
const MOST_REPEATS = 5;

export class TcpBackend implements Backend {
  private readonly dialler: Dialler;
  private readonly heartbeatSeconds: number;
  private readonly commands: CommandWire;
  /** The largest body that the server takes, and on which connection it said so: a server that comes back may have another. */
  private limit: { readonly wire: Wire; readonly bytes: number } | null = null;

  constructor(dialler: Dialler, heartbeatSeconds: number, tell: (event: ClientEvent) => void = () => {}) {
    this.dialler = dialler;
    this.heartbeatSeconds = heartbeatSeconds;
    this.commands = new CommandWire(dialler, tell);
  }

  get isConnected(): boolean {
    return this.commands.current !== null;
  }

  /** Opens the connection for commands: one attempt. */
  open(): Promise<void> {
    return this.commands.open();
  }

  async put(
    tube: string,
    { bodies, areLent }: PutBodies,
    numbers: PutNumbers,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome> {
    signal?.throwIfAborted();
    if (bodies.length === 0) return { results: [] };
    const { current } = this.commands;
    // Sent means copied. What has to wait for a connection is copied now: the caller may use its buffers again.
    if (current !== null) return await this.sendPuts(current, tube, bodies, numbers, signal);
    const kept = areLent ? bodies.map((body) => body.slice()) : bodies;
    return await this.sendPuts(await this.commands.connected(signal), tube, kept, numbers, signal);
  }

  async ask(tube: string | null, line: string): Promise<Answer> {
    for (let attempt = 0;; attempt++) {
      const wire = await this.commands.connected();
      if (tube !== null) use(wire, tube, this.dialler.replyTimeoutMs);
      const reception = new OneReply(line);
      wire.send(line, null, reception, this.dialler.replyTimeoutMs);
      try {
        return checked(await reception.reply, line);
      } catch (error) {
        if (!(error instanceof DisconnectedError)) throw error;
        if (this.dialler.isClosed) throw closedError();
        if (!isReading(line) || attempt === MOST_REPEATS) throw error;
      }
      await this.dialler.pause(attempt);
    }
  }

  async maxJobBytes(): Promise<number | null> {
    const { current } = this.commands;
    if (this.limit !== null && this.limit.wire === current) return this.limit.bytes;
    try {
      const { bytes } = await this.ask(null, "stats");
      const limit = bytes === null ? undefined : fieldsOf(bytes)["max-job-size"];
      if (typeof limit !== "number") return null;
      if (current !== null) this.limit = { wire: current, bytes: limit };
      return limit;
    } catch {
      return null; // it is only for a message
    }
  }

  openLane(tubes: readonly string[]): Lane {
    return new TcpLane(this.dialler, tubes, this.heartbeatSeconds);
  }

  recover(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    this.commands.probe();
    return this.dialler.pause(attempt, signal);
  }

  close(): Promise<void> {
    this.dialler.close();
    return Promise.resolve();
  }

  /** The bodies are copied when this returns its promise. */
  private async sendPuts(
    wire: Wire,
    tube: string,
    bodies: readonly Uint8Array[],
    { priority, delay, ttr }: PutNumbers,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome> {
    const results: PutResult[] = [];
    const replies = new ManyReplies("put", bodies.length, (reply) => results.push(putResult(reply)));
    const { replyTimeoutMs } = this.dialler;
    use(wire, tube, replyTimeoutMs);
    for (const body of bodies) {
      wire.send(`put ${priority} ${delay} ${ttr} ${body.length}`, body, replies, replyTimeoutMs);
    }
    try {
      await abortable(replies.done, signal);
    } catch (error) {
      throw this.dialler.isClosed && error instanceof DisconnectedError ? closedError() : error;
    }
    return { results };
  }
}

/**
 * Puts a tube in use for what follows on this connection, without waiting for the reply: the name is valid, so the server
 * can only agree. Should it not, the connection ends before anything that follows resolves.
 */
function use(wire: Wire, tube: string, patienceMs: number): void {
  if (wire.used === tube) return;
  wire.used = tube;
  wire.send(`use ${tube}`, null, new UsingReply(tube), patienceMs);
}

/** Refusals that no caller has a use for by themselves. */
function checked(answer: Answer, line: string): Answer {
  const isRefusal = answer.word === "BAD_FORMAT" || answer.word === "UNKNOWN_COMMAND" ||
    answer.word === "OUT_OF_MEMORY" || answer.word === "INTERNAL_ERROR" || answer.word === "UNAUTHORIZED";
  if (isRefusal) throw refusal(answer.word, line);
  return answer;
}
