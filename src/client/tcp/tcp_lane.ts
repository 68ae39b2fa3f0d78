// A session that reserves: a connection of its own, so that its leases are its own and its waits block nobody.
// A wait is asked for anew every few seconds, so that a peer which is gone without a word is noticed.

import type { Answer, DeleteOutcome, Lane, Reserved } from "../backend.ts";
import { abortable } from "../abortable.ts";
import { DisconnectedError, refusal } from "../errors.ts";
import type { QueueError } from "../errors.ts";
import type { Dialler } from "./dialler.ts";
import { ManyReplies, OneReply } from "./receptions.ts";
import type { Reply } from "./reply_reader.ts";
import type { Wire } from "./wire.ts";

export class TcpLane implements Lane {
  onLost: () => void = () => {};
  isLost = false;
  private readonly dialler: Dialler;
  private readonly tubes: readonly string[];
  private readonly heartbeatSeconds: number;
  private wire: Wire | null = null;
  /** Why the server did not let it watch its tubes. */
  private refused: QueueError | null = null;

  constructor(dialler: Dialler, tubes: readonly string[], heartbeatSeconds: number) {
    this.dialler = dialler;
    this.tubes = tubes;
    this.heartbeatSeconds = heartbeatSeconds;
  }

  async reserve(count: number, timeout: number | null, signal: AbortSignal | undefined): Promise<Reserved> {
    const until = timeout === null ? Infinity : performance.now() + timeout * 1000;
    try {
      const wire = this.wire ?? await this.open(signal);
      while (true) {
        const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
        const seconds = Math.min(left, this.heartbeatSeconds);
        const reserved = await abortable(this.attempt(wire, count, seconds), signal);
        if (reserved.ids.length > 0 || performance.now() >= until) return reserved;
      }
    } catch (error) {
      // Whatever is still granted to this connection goes back to the queue with it.
      this.close();
      throw this.refused ?? error;
    }
  }

  async ask(line: string): Promise<Answer> {
    const reception = new OneReply(line);
    this.held().send(line, null, reception, this.dialler.replyTimeoutMs);
    return await reception.reply;
  }

  async delete(ids: readonly number[]): Promise<DeleteOutcome> {
    const wire = this.held();
    const missing: number[] = [];
    const refused: number[] = [];
    let word = "";
    let at = 0;
    const replies = new ManyReplies("delete", ids.length, (reply) => {
      const id = ids[at++];
      if (reply.word === "DELETED") return;
      if (reply.word === "NOT_FOUND") return void missing.push(id);
      refused.push(id);
      word = reply.word;
    });
    for (const id of ids) wire.send(`delete ${id}`, null, replies, this.dialler.replyTimeoutMs);
    await replies.done;
    return { missing, refused, word };
  }

  close(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.wire?.close("it is not needed any more");
    this.onLost();
  }

  private held(): Wire {
    if (this.wire === null || this.isLost) throw new DisconnectedError("the connection is gone", false);
    return this.wire;
  }

  /** Connects and watches the tubes, and only them. */
  private async open(signal: AbortSignal | undefined): Promise<Wire> {
    const wire = await this.dialler.connect(signal);
    this.wire = wire;
    const { onEnd } = wire;
    wire.onEnd = (error) => {
      onEnd(error);
      const wasLost = this.isLost;
      this.isLost = true;
      if (!wasLost) this.onLost();
    };
    if (this.isLost) wire.close("it is not needed any more");
    const lines = this.tubes.map((tube) => `watch ${tube}`);
    if (!this.tubes.includes("default")) lines.push("ignore default");
    for (const line of lines) void this.watching(wire, line);
    return wire;
  }

  private async watching(wire: Wire, line: string): Promise<void> {
    const reception = new OneReply(line);
    wire.send(line, null, reception, this.dialler.replyTimeoutMs);
    const word = await reception.reply.then((answer) => answer.word, () => "");
    if (word === "UNAUTHORIZED") this.refused = refusal(word, line);
    if (word !== "WATCHING") wire.close(`the server answered ${word || "nothing"} to ${line}`);
  }

  /** One wait of so many seconds for the first job, and what is there beside it. */
  private async attempt(wire: Wire, count: number, seconds: number): Promise<Reserved> {
    const ids: number[] = [];
    const bodies: Uint8Array[] = [];
    const known = new Set<number>();
    const patienceMs = this.dialler.replyTimeoutMs;
    let refused = "";
    const take = (reply: Reply): void => {
      const { word, number, bytes } = reply;
      if (word === "TIMED_OUT" || word === "DEADLINE_SOON") return;
      if (word !== "RESERVED") {
        refused = word;
        return;
      }
      // Reserved again at once: its ttr ran out while this was on its way.
      if (known.has(number)) return;
      known.add(number);
      ids.push(number);
      bodies.push(bytes!);
    };
    const replies = new ManyReplies("reserve-with-timeout", count, take);
    wire.send(`reserve-with-timeout ${seconds}`, null, replies, patienceMs + seconds * 1000);
    for (let i = 1; i < count; i++) wire.send("reserve-with-timeout 0", null, replies, patienceMs);
    await replies.done;
    if (refused !== "") throw refusal(refused, "reserve-with-timeout");
    return { ids, bodies };
  }
}
