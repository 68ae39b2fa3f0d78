// One connection as seen from outside: what the client has said and how much of that has arrived, which of it has been
// answered with which bytes, and whether the client receives exactly these bytes.

import type { Command } from "./command.ts";
import { latin1, NO_BYTES } from "./command.ts";
import { violation } from "./violation.ts";

/**
 * Replies beyond which the server must stop running commands of a client that does not read; and what a reply may add,
 * beside its body, with a few refusals that are counted a little early here.
 */
const UNSENT_BYTES = 262_144;
const BLOCK_BYTES = 65_536;
const LONGEST_REPLY_BYTES = 6_000;

/** Something that the client learns when it has been sent so many bytes. */
interface News {
  readonly end: number;
  readonly tell: () => void;
}

export class Conversation {
  /** Bytes said, and bytes that have arrived at the server. */
  said = 0;
  arrived = 0;
  /** The client says no more; what had not arrived by then never does. */
  hasEnded = false;
  /** How far what was said has been run or refused. */
  ranTo = 0;
  /** Unread bytes that the connection itself takes over. */
  capacityBytes = Infinity;
  readonly largestBodyBytes: number;
  private commands: Command[] = [];
  private head = 0;
  private owed: Uint8Array = NO_BYTES;
  private owedTo = 0;
  private received = 0;
  /** Bytes of replies so far, those that the server has let go, and what each of them tells. */
  private answered = 0;
  private sent = 0;
  private news: News[] = [];

  private readonly heard: Set<string>;

  /** `heard` collects the first word of each refusal. */
  constructor(largestBodyBytes: number, heard: Set<string>) {
    this.largestBodyBytes = largestBodyBytes;
    this.heard = heard;
  }

  say(command: Command): void {
    command.lineEndsAt = this.said + command.lineBytes;
    command.endsAt = this.said += command.bytes.length;
    this.commands.push(command);
  }

  /** The next command that is not refused by the protocol itself. Refusals before it count as answered. */
  next(): Command | undefined {
    while (this.passRefusal());
    return this.commands[this.head];
  }

  /** The command that {@link next} found is being run. */
  take(): void {
    this.ranTo = this.commands[this.head].endsAt;
    this.commands[this.head] = undefined!;
    this.head++;
    if (this.head < 64 || this.head * 2 < this.commands.length) return;
    this.commands = this.commands.slice(this.head);
    this.head = 0;
  }

  /** What has arrived as a whole and not been answered, if anything. */
  unanswered(): Command | undefined {
    const command = this.next();
    return command !== undefined && command.endsAt <= this.arrived ? command : undefined;
  }

  /** The server has answered; the client must get these bytes next. */
  answer(bytes: Uint8Array, length: number): void {
    if (this.owedTo + length > this.owed.length) this.makeRoom(length);
    this.owed.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.owedTo);
    this.owedTo += length;
    this.answered += length;
    // What the connection has taken over may exceed its capacity by one buffer: a block, or a piece of a large body.
    const taken = this.capacityBytes + Math.max(BLOCK_BYTES, this.largestBodyBytes);
    const most = taken + UNSENT_BYTES + LONGEST_REPLY_BYTES + this.largestBodyBytes;
    if (this.outstanding > most) {
      violation(`${this.outstanding} bytes of replies wait for a client that does not read`);
    }
  }

  /** Calls back when the server has let go of all that it has answered so far. */
  whenTold(tell: () => void): void {
    this.news.push({ end: this.answered, tell });
  }

  /** The server lets go of bytes: from now on the client may know them. */
  isSent(bytes: number): void {
    this.sent += bytes;
    while (this.news.length > 0 && this.news[0].end <= this.sent) this.news.shift()!.tell();
  }

  /** The client has read bytes. `mayRefuse`: replies of the protocol itself may be among them. */
  receive(bytes: Uint8Array, mayRefuse: boolean): void {
    while (this.received + bytes.length > this.owedTo) {
      if (!mayRefuse || !this.passRefusal()) violation(`bytes that nobody owed: ${text(bytes)}`);
    }
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] === this.owed[this.received + i]) continue;
      violation(
        `other bytes than the queue's reply: ${text(bytes)} for ${text(this.owed.subarray(this.received))}`,
      );
    }
    this.received += bytes.length;
    if (this.received === this.owedTo) this.received = this.owedTo = 0;
  }

  /** Bytes owed and not received. */
  get outstanding(): number {
    return this.owedTo - this.received;
  }

  private passRefusal(): boolean {
    const command = this.commands[this.head];
    if (command === undefined || command.refusal === "" || !this.isComplete(command)) return false;
    const reply = latin1(`${command.refusal}\r\n`);
    this.heard.add(command.refusal);
    this.take();
    this.answer(reply, reply.length);
    return true;
  }

  /** A line in the wrong form is answered when the client ends, though a part of the body behind it is missing. */
  private isComplete({ refusal, lineEndsAt, endsAt }: Command): boolean {
    const isEnoughAtEnd = this.hasEnded && refusal === "BAD_FORMAT" && lineEndsAt <= this.arrived;
    return endsAt <= this.arrived || isEnoughAtEnd;
  }

  private makeRoom(length: number): void {
    const room = new Uint8Array(Math.max(256, 2 * (this.outstanding + length)));
    room.set(this.owed.subarray(this.received, this.owedTo));
    this.owed = room;
    this.owedTo -= this.received;
    this.received = 0;
  }
}

function text(bytes: Uint8Array): string {
  return JSON.stringify(String.fromCharCode(...bytes.subarray(0, 120)));
}
