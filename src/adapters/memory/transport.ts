// A connection without a network: the client's end of a transport whose other end a server has accepted. Nothing moves
// by itself. Whoever holds this end decides when bytes arrive, cut into which chunks, and when replies are read; so the
// same class is a plain in-process connection and every bad line between two machines.
//
// It is strict with the server: a chunk is overwritten when the call that lent it returns, a buffer that is held is read
// only when it is let go, and sending while one is held is an error.

import type { Accept, Peer, Transport } from "../../ports/transport.ts";

const CLOBBER = 0xa5;

/** Bytes on their way, first in, first out. */
class ByteQueue {
  private bytes: Uint8Array = new Uint8Array(256);
  private from = 0;
  private to = 0;

  get length(): number {
    return this.to - this.from;
  }

  append(bytes: Uint8Array, length: number): void {
    if (this.to + length > this.bytes.length) {
      const room = new Uint8Array(Math.max(256, 2 * (this.length + length)));
      room.set(this.bytes.subarray(this.from, this.to));
      this.to = this.length;
      this.from = 0;
      this.bytes = room;
    }
    this.bytes.set(bytes.subarray(0, length), this.to);
    this.to += length;
  }

  /** Takes up to `count` bytes, as a copy of their own. */
  take(count: number): Uint8Array {
    const end = Math.min(this.to, this.from + count);
    const taken = this.bytes.slice(this.from, end);
    this.from = end;
    return taken;
  }
}

export class MemoryConnection {
  /** The server has closed it. What it sent before can still be read; then call {@link close}. */
  isClosedByServer = false;
  /** The server has asked for a pause. Bytes may arrive all the same, as they may on a real line. */
  isPaused = false;
  private readonly toServer = new ByteQueue();
  private readonly toClient = new ByteQueue();
  private readonly capacityBytes: number;
  private readonly peer: Peer | null;
  private held: Uint8Array | null = null;
  private heldLength = 0;
  private isGone = false;
  private hasEnded = false;

  /**
   * Connects to whoever accepts. Up to `capacityBytes` of unread replies are taken over at once; a buffer that is too
   * much is held until enough has been read.
   */
  constructor(accept: Accept, capacityBytes: number = Infinity) {
    this.capacityBytes = capacityBytes;
    this.peer = accept(this.serverEnd());
  }

  /** Puts bytes on their way to the server. They arrive with {@link deliver}. */
  write(bytes: Uint8Array): void {
    this.toServer.append(bytes, bytes.length);
  }

  /** Bytes on their way to the server. */
  get underway(): number {
    return this.toServer.length;
  }

  /** The next bytes arrive, all of them as one chunk. Returns how many there were. */
  deliver(count: number = Infinity): number {
    if (this.isGone || this.isClosedByServer || this.hasEnded || this.peer === null) return 0;
    const chunk = this.toServer.take(count);
    if (chunk.length > 0) this.peer.received(chunk);
    chunk.fill(CLOBBER);
    return chunk.length;
  }

  /** Half-closes: the server learns that nothing more will come. What is still on its way is lost. */
  end(): void {
    if (this.isGone || this.hasEnded || this.isClosedByServer) return;
    this.hasEnded = true;
    this.peer?.ended();
  }

  /** Reply bytes that can be read now. */
  get unread(): number {
    return this.toClient.length;
  }

  /** Takes reply bytes. When that makes room, the server gets the buffer back that was held. */
  read(atMost: number = Infinity): Uint8Array {
    this.takeOverHeld();
    const taken = this.toClient.take(atMost);
    this.takeOverHeld();
    return taken;
  }

  /** Closes at once, in the middle of whatever is going on. Also the answer to a close by the server. */
  close(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.peer?.closed();
  }

  private takeOverHeld(): void {
    const { held, toClient } = this;
    if (held === null || (toClient.length > 0 && toClient.length + this.heldLength > this.capacityBytes)) {
      return;
    }
    toClient.append(held, this.heldLength);
    this.held = null;
    if (!this.isGone) this.peer?.drained();
  }

  private serverEnd(): Transport {
    return {
      send: (bytes, length) => {
        if (this.held !== null) throw new Error("a buffer was sent while the transport held the one before");
        if (this.isGone) return true; // as with a socket that has just broken
        if (this.toClient.length + length <= this.capacityBytes) {
          this.toClient.append(bytes, length);
          return true;
        }
        this.held = bytes;
        this.heldLength = length;
        return false;
      },
      pause: () => {
        this.isPaused = true;
      },
      resume: () => {
        this.isPaused = false;
      },
      close: () => {
        this.isClosedByServer = true;
      },
    };
  }
}
