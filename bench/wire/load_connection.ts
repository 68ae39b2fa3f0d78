// One connection of the load: keeps up to `depth` commands unanswered and reads replies where they lie.
// Nothing is allocated per command: commands in flight, ids to delete and output live in rings made once.
import type { LoadSocket, SocketEvents } from "./load_socket.ts";
import type { PutFrames } from "./put_frames.ts";
import { DELETE, type LoadTally, PUT, RESERVE } from "./load_tally.ts";
import { ReplyLines } from "./reply_lines.ts";
import { SendBuffer } from "./send_buffer.ts";

export interface ConnectionShare {
  readonly puts: number;
  readonly reserves: number;
  readonly depth: number;
  /** Reserves wait for jobs; else they ask with timeout 0, and TIMED_OUT ends this connection's share. */
  readonly blocking: boolean;
}

const BLANK = 32;
const ZERO = 48;
const SHORT_COMMAND = 32;
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const RESERVE_WAITING = latin1("reserve\r\n");
const RESERVE_NOW = latin1("reserve-with-timeout 0\r\n");
const DELETE_WORD = latin1("delete ");

export class LoadConnection implements SocketEvents {
  socket!: LoadSocket;
  readonly #tally: LoadTally;
  readonly #frames: PutFrames;
  readonly #share: ConnectionShare;
  readonly #finished: () => void;
  #done = false;
  #drained = false;
  #putsLeft: number;
  #reservesLeft: number;
  #jobsLeft: number;
  // For a connection that does both: reserves may not overtake its own puts.
  #jobsInQueue = 0;
  // Commands in flight, oldest first: a ring of `depth`.
  readonly #sentAt: Float64Array;
  readonly #kind: Uint8Array;
  #flightHead = 0;
  #inFlight = 0;
  // Ids reserved whose delete is not yet sent: a ring of `depth`.
  readonly #ids: Float64Array;
  #idHead = 0;
  #idCount = 0;
  // Output: a producer's stretch of the frames, or bytes built here.
  #frame = 0;
  #frameOffset = 0;
  #frameBytes = 0;
  readonly #out: SendBuffer;
  readonly #replies: ReplyLines;

  constructor(share: ConnectionShare, frames: PutFrames, tally: LoadTally, finished: () => void) {
    this.#share = share;
    this.#frames = frames;
    this.#tally = tally;
    this.#finished = finished;
    this.#putsLeft = share.puts;
    this.#reservesLeft = share.reserves;
    this.#jobsLeft = Math.max(share.puts, share.reserves);
    this.#sentAt = new Float64Array(share.depth);
    this.#kind = new Uint8Array(share.depth);
    this.#ids = new Float64Array(share.depth);
    const longest = this.#doesBoth
      ? Math.max(SHORT_COMMAND, frames.starts[1] + SHORT_COMMAND)
      : SHORT_COMMAND;
    this.#out = new SendBuffer(2 * share.depth * longest);
    this.#replies = new ReplyLines((bytes, from, end, now) => this.#line(bytes, from, end, now));
  }

  get #doesBoth(): boolean {
    return this.#share.puts > 0 && this.#share.reserves > 0;
  }

  start(): void {
    this.#refill(performance.now());
    this.#flush();
  }

  /** Closes the socket; its loss is no surprise then. */
  stop(): void {
    this.#done = true;
    this.socket.close();
  }

  writable(): void {
    this.#flush();
  }

  lost(why: string): void {
    if (this.#done) return;
    this.#tally.surprise("connection lost", latin1(why), 0, why.length);
    this.#finish();
  }

  received(bytes: Uint8Array, length: number): void {
    const now = performance.now();
    this.#tally.bytesIn += length;
    this.#replies.push(bytes, length, now);
    this.#refill(now);
    this.#flush();
    const idle = this.#inFlight === 0 && this.#idCount === 0 && !this.#replies.insideBody;
    if (idle && (this.#jobsLeft <= 0 || this.#drained)) this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#finished();
  }

  // One reply line; returns how many bytes of a body follow it.
  #line(bytes: Uint8Array, from: number, end: number, now: number): number {
    if (this.#inFlight === 0) {
      this.#tally.surprise("reply to nothing", bytes, from, end);
      return 0;
    }
    const kind = this.#kind[this.#flightHead];
    this.#tally.answered(kind, now - this.#sentAt[this.#flightHead]);
    if (++this.#flightHead === this.#share.depth) this.#flightHead = 0;
    this.#inFlight--;
    if (kind === RESERVE) return this.#reserved(bytes, from, end);
    if (kind === PUT) {
      // INSERTED, told from INTERNAL_ERROR by its third letter.
      const inserted = bytes[from] === 73 && bytes[from + 2] === 83;
      if (!inserted) this.#tally.surprise("put", bytes, from, end);
      if (inserted && this.#doesBoth) return 0;
    } else if (bytes[from] !== 68 || bytes[from + 2] !== 76) {
      // Not DELETED, told from DEADLINE_SOON by its third letter.
      this.#tally.surprise("delete", bytes, from, end);
    }
    this.#tally.jobs++;
    this.#jobsLeft--;
    return 0;
  }

  // RESERVED <id> <bytes>; returns how long the body is, with its CR LF.
  #reserved(bytes: Uint8Array, from: number, end: number): number {
    if (bytes[from] !== 82 || bytes[from + 8] !== BLANK) {
      this.#notReserved(bytes, from, end);
      return 0;
    }
    let at = from + 9;
    let id = 0;
    for (; at < end && bytes[at] !== BLANK; at++) id = id * 10 + bytes[at] - ZERO;
    let size = 0;
    for (at++; at < end; at++) size = size * 10 + bytes[at] - ZERO;
    let tail = this.#idHead + this.#idCount++;
    if (tail >= this.#share.depth) tail -= this.#share.depth;
    this.#ids[tail] = id;
    return size + 2;
  }

  #notReserved(bytes: Uint8Array, from: number, end: number): void {
    // TIMED_OUT
    if (bytes[from] === 84 && !this.#share.blocking) {
      this.#tally.timedOut++;
      this.#drained = true;
      return;
    }
    this.#tally.surprise("reserve", bytes, from, end);
    this.#jobsLeft--;
  }

  // Queues commands until the window is full. A deep window is refilled when it is half empty, so that a good
  // many commands go out in one write.
  #refill(now: number): void {
    const { depth } = this.#share;
    if (depth > 1 && this.#inFlight > depth >> 1) return;
    while (this.#inFlight < depth) {
      if (this.#idCount > 0) this.#queueDelete(now);
      else if (this.#mayReserve(depth)) this.#queueReserve(now);
      else if (this.#putsLeft > 0) this.#queuePut(now);
      else break;
    }
  }

  #mayReserve(depth: number): boolean {
    if (this.#reservesLeft === 0 || this.#drained || this.#idCount + this.#inFlight >= depth) return false;
    return this.#share.puts === 0 || this.#jobsInQueue > 0;
  }

  #queueDelete(now: number): void {
    const id = this.#ids[this.#idHead];
    if (++this.#idHead === this.#share.depth) this.#idHead = 0;
    this.#idCount--;
    this.#out.append(DELETE_WORD, 0, DELETE_WORD.length);
    this.#out.appendNumberLine(id);
    this.#fly(DELETE, now);
  }

  #queueReserve(now: number): void {
    const command = this.#share.blocking ? RESERVE_WAITING : RESERVE_NOW;
    this.#out.append(command, 0, command.length);
    this.#reservesLeft--;
    this.#jobsInQueue--;
    this.#fly(RESERVE, now);
  }

  #queuePut(now: number): void {
    const { bytes, starts, period } = this.#frames;
    const from = starts[this.#frame];
    const end = starts[this.#frame + 1];
    if (this.#doesBoth) this.#out.append(bytes, from, end);
    else {
      if (this.#frameBytes === 0) this.#frameOffset = from;
      this.#frameBytes += end - from;
    }
    this.#frame = this.#frame + 1 === period ? 0 : this.#frame + 1;
    this.#putsLeft--;
    this.#jobsInQueue++;
    this.#fly(PUT, now);
  }

  #fly(kind: number, now: number): void {
    let slot = this.#flightHead + this.#inFlight++;
    if (slot >= this.#share.depth) slot -= this.#share.depth;
    this.#sentAt[slot] = now;
    this.#kind[slot] = kind;
  }

  // What the socket does not take now is sent when it says that it is writable.
  #flush(): void {
    if (this.#frameBytes > 0) {
      const taken = this.socket.write(this.#frames.bytes, this.#frameOffset, this.#frameBytes, false);
      this.#tally.bytesOut += taken;
      this.#frameOffset += taken;
      this.#frameBytes -= taken;
      // Frames repeat: the same bytes lie one period earlier.
      const periodBytes = this.#frames.starts[this.#frames.period];
      if (this.#frameOffset >= periodBytes) this.#frameOffset %= periodBytes;
    }
    const { bytes, start, end } = this.#out;
    if (end > start) {
      const taken = this.socket.write(bytes, start, end - start, true);
      this.#tally.bytesOut += taken;
      this.#out.sent(taken);
    }
  }
}
