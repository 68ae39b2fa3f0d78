// A connection that has become a WebSocket. It keeps nothing of what it receives: payload goes on as it arrives, and while
// whoever receives it has enough, or answers are not taken, the socket is not read.

import { Buffer } from "node:buffer";
import type { HttpSocket, SocketEvents } from "../http1/socket.ts";
import type { AcceptSocket, WireEvents, WireSocket } from "../route.ts";
import { type FrameEvents, FrameReader } from "./frame_reader.ts";

/** Largest message, in bytes. A put may be spread over as many as it likes. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** While more than this has not left, nothing is read: who does not take replies gets no more of them. */
const MAX_UNSENT_BYTES = 524_288;

/** While more than this has not left, pings are not answered. */
const MAX_UNSENT_PONG_BYTES = 16_384;

const FINAL_BINARY = 0x82;
const FINAL_CLOSE = 0x88;
const FINAL_PONG = 0x8a;
const NORMAL = 1000;

/** What becomes of a WebSocket. */
export interface WebSocketOwner {
  /** The peer broke the protocol or a limit, and is closed. */
  refused(): void;
  /** The connection is over. */
  over(): void;
}

export class WebSocketConnection implements SocketEvents, WireSocket, FrameEvents {
  readonly #socket: HttpSocket;
  readonly #lingerMs: number;
  readonly #owner: WebSocketOwner;
  readonly #reader = new FrameReader(this, MAX_MESSAGE_BYTES);
  #events: WireEvents | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosing = false;
  #isOver = false;
  /** Whether the receiver has enough. */
  #isPaused = false;
  /** What came in one chunk after the receiver had enough. */
  #rest: Uint8Array[] = [];

  /** `lingerMs`: how long a peer may take to close its side. */
  constructor(socket: HttpSocket, lingerMs: number, owner: WebSocketOwner) {
    this.#socket = socket;
    this.#lingerMs = lingerMs;
    this.#owner = owner;
  }

  /** Begins, with bytes that came right after the request. */
  open(accept: AcceptSocket, early: Uint8Array): void {
    this.#events = accept(this);
    if (early.length > 0) this.received(early);
  }

  // From the socket.

  received(chunk: Uint8Array): void {
    if (this.#isClosing) return;
    if (this.#rest.length > 0 || this.#isPaused) this.#rest.push(chunk.slice());
    else this.#reader.read(Buffer.from(chunk));
    this.#bound();
  }

  ended(): void {
    this.#socket.destroy(); // WebSockets are not closed in one direction
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = this.#isClosing = true;
    clearTimeout(this.#timer);
    this.#rest = [];
    this.#reader.stop();
    this.#events?.closed();
    this.#owner.over();
  }

  // From whoever receives the payload.

  send(bytes: Uint8Array): void {
    if (!this.#isClosing) this.#write(FINAL_BINARY, bytes);
  }

  bufferedAmount(): number {
    return this.#socket.unsent;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused && this.#rest.length > 0) this.#reader.read(this.#rest.shift()!);
    this.#bound();
  }

  /** Says why, ends the connection, and tells the receiver that it is over when it is. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#write(FINAL_CLOSE, payload);
    this.#isClosing = true;
    this.#rest = [];
    this.#reader.stop();
    this.#socket.end();
    this.#socket.resume(); // until the peer has closed too
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#lingerMs);
  }

  // From the frames.

  data(bytes: Uint8Array): void {
    this.#events?.received(bytes);
  }

  ping(payload: Uint8Array): void {
    // Only the last ping needs an answer, and whoever does not read needs none.
    if (!this.#isClosing && this.#socket.unsent <= MAX_UNSENT_PONG_BYTES) this.#write(FINAL_PONG, payload);
  }

  peerCloses(): void {
    this.close(NORMAL, "");
  }

  fault(code: number, reason: string): void {
    this.#owner.refused();
    this.close(code, reason);
  }

  // Within.

  #write(first: number, payload: Uint8Array): void {
    const { length } = payload;
    const wide = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    const frame = Buffer.allocUnsafeSlow(2 + wide + length);
    frame[0] = first;
    frame[1] = wide === 0 ? length : wide === 2 ? 126 : 127;
    if (wide === 2) frame.writeUInt16BE(length, 2);
    else if (wide === 8) frame.writeBigUInt64BE(BigInt(length), 2);
    frame.set(payload, 2 + wide);
    this.#socket.write(frame, () => {
      this.#bound();
      if (!this.#isClosing) this.#events?.sent();
    });
  }

  /** Reads on only while somebody takes what comes, in both directions. */
  #bound(): void {
    if (this.#isClosing) return;
    if (this.#isPaused || this.#rest.length > 0 || this.#socket.unsent > MAX_UNSENT_BYTES) {
      this.#socket.pause();
    } else this.#socket.resume();
  }
}
