// A socket as the HTTP server uses it: node:net's or node:tls's, on every runtime. Counts what has not left, and turns the
// runtime's events into three calls.

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

/** What a runtime's socket has besides a stream's properties. */
export interface RawSocket extends Duplex {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

/** Address and port of the peer; null when they are not known. */
export function peerOf({ remoteAddress, remotePort }: RawSocket): string | null {
  return remoteAddress === undefined ? null : `${remoteAddress}:${remotePort}`;
}

export interface SocketEvents {
  /** Bytes arrived; they are only valid during the call. */
  received(chunk: Uint8Array): void;
  /** The peer sends nothing more. */
  ended(): void;
  /** The connection is over, for whatever reason. Called once. */
  closed(): void;
}

export class HttpSocket {
  /** Address and port of the peer, if they are known. */
  readonly peer: string | null;
  readonly #raw: RawSocket;
  #events: SocketEvents;
  #unsent = 0;
  #isClosed = false;
  #isPaused = false;
  /** Calls back at the next written piece, or at the end. */
  #waiting: (() => void)[] = [];

  constructor(raw: RawSocket, events: SocketEvents) {
    this.peer = peerOf(raw);
    this.#raw = raw;
    this.#events = events;
    raw.on("error", () => {}); // "close" follows
    raw.on("close", () => this.#close());
    raw.on("end", () => this.#events.ended());
    raw.on("data", (chunk: Uint8Array) => {
      if (!this.#isClosed) this.#events.received(chunk);
    });
    if (raw.destroyed) queueMicrotask(() => this.#close());
  }

  /** Bytes that were written and have not left yet. */
  get unsent(): number {
    return this.#unsent;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Gives the connection to somebody else. */
  passTo(events: SocketEvents): void {
    this.#events = events;
  }

  /** Writes bytes that nobody changes afterwards; `written` is called when they have left or the connection is over. */
  write(bytes: Uint8Array, written: (() => void) | null = null): void {
    if (this.#isClosed || this.#raw.destroyed || !this.#raw.writable) {
      if (written !== null) queueMicrotask(written);
      return;
    }
    const { length } = bytes;
    this.#unsent += length;
    if (written !== null) this.#waiting.push(written);
    this.#raw.write(Buffer.from(bytes.buffer, bytes.byteOffset, length), () => {
      this.#unsent -= length;
      const at = written === null ? -1 : this.#waiting.indexOf(written);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      written!();
    });
  }

  /** Stops reading: the peer's window fills. */
  pause(): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#raw.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    this.#raw.resume();
  }

  /** Sends nothing more after what was written. */
  end(): void {
    if (!this.#isClosed && this.#raw.writable) this.#raw.end();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#raw.destroy();
    this.#close(); // not every runtime tells at once, and nothing may go on until it does
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#events.closed();
    for (const call of waiting) call();
  }
}
