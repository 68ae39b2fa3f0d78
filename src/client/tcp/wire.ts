// One connection to a server: commands out, replies back in order.
// Invariants: each reply goes to the command that is first in line and must be one that this command may have; what does
// not fit ends the connection. A wire that has ended stays ended, and everything still in line learns of it.

import type { Peer, Transport } from "../../ports/transport.ts";
import { DisconnectedError } from "../errors.ts";
import { ReplyReader } from "./reply_reader.ts";
import type { Reply } from "./reply_reader.ts";
import { SendBuffer } from "./send_buffer.ts";

/** Who waits for one reply, or for several in a row. */
export interface Reception {
  /** Takes a reply. False when it is none that the command may have. */
  answered(reply: Reply): boolean;
  /** There will be no reply. */
  failed(error: DisconnectedError): void;
}

interface InLine {
  readonly reception: Reception;
  /** How long the server may be silent when this is the first in line, in milliseconds. */
  readonly patienceMs: number;
}

/** Replies that any command may have. */
export const COMMON_REFUSALS: ReadonlySet<string> = new Set([
  "OUT_OF_MEMORY",
  "INTERNAL_ERROR",
  "BAD_FORMAT",
  "UNKNOWN_COMMAND",
  "UNAUTHORIZED",
]);

/** Answered commands that are kept before the list is cut. */
const MOST_ANSWERED = 4096;

export class Wire implements Peer {
  /** The tube in use, as it will be when all that was sent has run. */
  used = "default";
  /** Called once when the wire has ended, with the reason. */
  onEnd: (error: DisconnectedError) => void = () => {};
  private readonly transport: Transport;
  private readonly reader = new ReplyReader((reply) => this.take(reply));
  private readonly output = new SendBuffer();
  /** Commands in the order in which they were sent; those before `head` are answered. */
  private line: InLine[] = [];
  private head = 0;
  private isHeld = false;
  private isFlushDue = false;
  private failure: DisconnectedError | null = null;
  private reason = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ringsAt = Infinity;
  /** When the first in line began to wait, or the last bytes came. */
  private heardAt = 0;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  get hasEnded(): boolean {
    return this.failure !== null;
  }

  /** Sends one command line, perhaps with a body. */
  send(line: string, body: Uint8Array | null, reception: Reception, patienceMs: number): void {
    if (this.failure !== null) return reception.failed(new DisconnectedError(this.reason, false));
    this.output.text(line);
    this.output.text("\r\n");
    if (body !== null) {
      this.output.bytes(body);
      this.output.text("\r\n");
    }
    if (this.head === this.line.length) this.watch(patienceMs);
    this.line.push({ reception, patienceMs });
    if (this.isFlushDue || this.isHeld) return;
    this.isFlushDue = true;
    queueMicrotask(() => this.flush());
  }

  /** Ends it from this side. */
  close(reason: string): void {
    if (this.failure !== null) return;
    this.reason = reason;
    this.failure = new DisconnectedError(reason, true);
    clearTimeout(this.timer);
    this.transport.close();
    const left = this.line.slice(this.head);
    this.line = [];
    this.head = 0;
    for (const { reception } of left) reception.failed(this.failure);
    this.onEnd(this.failure);
  }

  // From the transport.

  received(chunk: Uint8Array): void {
    if (this.failure !== null) return;
    this.heardAt = performance.now();
    if (!this.reader.push(chunk)) this.close("the server sent what is no reply");
  }

  ended(): void {
    this.close("the server closed the connection");
  }

  drained(): void {
    this.isHeld = false;
    if (this.output.length > 0) this.flush();
  }

  closed(): void {
    this.close("the connection broke");
  }

  // Within.

  private flush(): void {
    this.isFlushDue = false;
    if (this.failure !== null || this.isHeld || this.output.length === 0) return;
    const bytes = this.output.take();
    this.isHeld = !this.transport.send(bytes, bytes.length);
  }

  private take(reply: Reply): void {
    if (this.failure !== null) return;
    if (this.head === this.line.length) return this.close(`the server sent ${reply.word} unasked`);
    if (!this.line[this.head].reception.answered(reply)) {
      return this.close(`the server sent ${reply.word} where it cannot be`);
    }
    this.head++;
    if (this.head === this.line.length) this.line.length = this.head = 0;
    else if (this.head === MOST_ANSWERED) {
      this.line.splice(0, this.head);
      this.head = 0;
    }
  }

  /** Sees to it that a silent server is noticed. One timer, set anew when it rings, or when it would ring too late. */
  private watch(patienceMs: number): void {
    this.heardAt = performance.now();
    const ringsAt = this.heardAt + patienceMs;
    if (this.ringsAt <= ringsAt) return;
    clearTimeout(this.timer);
    this.ring(ringsAt);
  }

  private ring(at: number): void {
    this.ringsAt = at;
    this.timer = setTimeout(() => this.look(), Math.max(0, Math.ceil(at - performance.now())));
  }

  private look(): void {
    this.ringsAt = Infinity;
    const first = this.line[this.head];
    if (this.failure !== null || first === undefined) return;
    const at = this.heardAt + first.patienceMs;
    if (at > performance.now()) return this.ring(at);
    this.close(`the server was silent for ${Math.round(first.patienceMs)} ms`);
  }
}
