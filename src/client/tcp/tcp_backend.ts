// A queue behind TCP, as the face reaches it: one connection for commands, pipelined and made again when it breaks, and a
// lane's own for reserves.

import { abortable } from "../abortable.ts";
import type { Answer, Backend, Lane, PutNumbers, PutOutcome, PutResult } from "../backend.ts";
import { DisconnectedError, refusal } from "../errors.ts";
import { closedError } from "../lanes.ts";
import type { Dialler } from "./dialler.ts";
import { isReading, ManyReplies, OneReply, putResult, UsingReply } from "./receptions.ts";
import { TcpLane } from "./tcp_lane.ts";
import type { Wire } from "./wire.ts";

/** How often a command that only reads is asked again when its connection breaks. */
const MOST_REPEATS = 5;

export class TcpBackend implements Backend {
  private readonly dialler: Dialler;
  private readonly heartbeatSeconds: number;
  private wire: Wire | null = null;
  private connecting: Promise<Wire> | null = null;

  constructor(dialler: Dialler, heartbeatSeconds: number) {
    this.dialler = dialler;
    this.heartbeatSeconds = heartbeatSeconds;
  }

  /** Opens the connection for commands: one attempt. */
  async open(): Promise<void> {
    this.wire = await this.dialler.connect();
  }

  async put(
    tube: string,
    bodies: readonly Uint8Array[],
    { priority, delay, ttr }: PutNumbers,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome> {
    if (bodies.length === 0) return { results: [] };
    const wire = await this.connected(signal);
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

  async ask(tube: string | null, line: string): Promise<Answer> {
    for (let attempt = 0;; attempt++) {
      const wire = await this.connected();
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

  openLane(tubes: readonly string[]): Lane {
    return new TcpLane(this.dialler, tubes, this.heartbeatSeconds);
  }

  recover(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    return this.dialler.pause(attempt, signal);
  }

  close(): Promise<void> {
    this.dialler.close();
    return Promise.resolve();
  }

  /** The connection for commands; waits for one up to the reply timeout. */
  private connected(signal?: AbortSignal): Promise<Wire> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { wire } = this;
    if (wire !== null && !wire.hasEnded) return Promise.resolve(wire);
    this.connecting ??= this.reconnect().finally(() => this.connecting = null);
    return abortable(this.connecting, signal);
  }

  private async reconnect(): Promise<Wire> {
    const giveUpAt = performance.now() + this.dialler.replyTimeoutMs;
    for (let attempt = 0;; attempt++) {
      try {
        return this.wire = await this.dialler.connect();
      } catch (error) {
        if (!(error instanceof DisconnectedError) || performance.now() > giveUpAt) throw error;
      }
      await this.dialler.pause(attempt);
    }
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
