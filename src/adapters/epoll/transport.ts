// One accepted connection: a read per round into a buffer that all share, writes straight from the server's blocks.

import type { Peer, Transport } from "../../ports/transport.ts";
import { abortLater } from "../linger.ts";
import * as c from "./libc.ts";
import type { Libc } from "./libc.ts";
import type { Poller, Watcher } from "./poller.ts";
import type { ReadBuffer } from "./read_buffer.ts";

export class EpollTransport implements Transport, Watcher {
  private readonly libc: Libc;
  private readonly poller: Poller;
  private readonly buffer: ReadBuffer;
  private readonly fd: number;
  private peer: Peer | null = null;
  /** What is asked of the poller; -1 while it does not watch at all. */
  private interest = -1;
  /** What the system did not take yet of the buffer held. */
  private rest: Uint8Array | null = null;
  private restFrom = 0;
  private restTo = 0;
  private isPaused = false;
  private hasEnded = false;
  private isClosing = false;
  private isClosed = false;

  constructor(libc: Libc, poller: Poller, buffer: ReadBuffer, fd: number) {
    this.libc = libc;
    this.poller = poller;
    this.buffer = buffer;
    this.fd = fd;
  }

  open(peer: Peer): void {
    this.peer = peer;
    this.watch();
  }

  // From the server.

  send(bytes: Uint8Array, length: number): boolean {
    if (this.isClosed) return true;
    const sent = this.libc.send(this.fd, bytes, length, c.MSG_NOSIGNAL);
    if (sent === length) return true;
    if (sent < 0 && !this.isTemporary()) {
      this.poller.afterRound(() => this.finish()); // not now: the server is in the midst of sending
      return true;
    }
    this.rest = bytes;
    this.restFrom = Math.max(sent, 0);
    this.restTo = length;
    this.watch();
    return false;
  }

  pause(): void {
    this.isPaused = true;
    this.watch();
  }

  resume(): void {
    this.isPaused = false;
    this.watch();
  }

  close(): void {
    this.isClosing = true;
    if (this.rest === null) return this.finish();
    this.watch();
    abortLater(() => this.finish());
  }

  abort(): void {
    this.finish();
  }

  // From the poller.

  ready(events: number): void {
    if (this.rest !== null && (events & c.EPOLLOUT) !== 0) this.sendRest();
    if (this.isClosed) return;
    if ((this.interest & c.EPOLLIN) !== 0) {
      if ((events & ~c.EPOLLOUT) !== 0) this.read();
    } else if ((events & (c.EPOLLERR | c.EPOLLHUP)) !== 0) this.hungUp(events);
  }

  private read(): void {
    const { buffer } = this;
    const count = this.libc.recv(this.fd, buffer.bytes, buffer.bytes.length, 0);
    if (count > 0) this.peer!.received(buffer.first(count));
    else if (count === 0) {
      this.hasEnded = true;
      this.watch();
      this.peer!.ended();
    } else if (!this.isTemporary()) this.finish();
  }

  /** Nobody is at the other end any more, and we are not reading. */
  private hungUp(events: number): void {
    const mayHaveSentMore = this.isPaused && !this.hasEnded && !this.isClosing;
    if (!mayHaveSentMore || (events & c.EPOLLERR) !== 0) return this.finish();
    // A Unix socket keeps what came before; it would be reported for ever.
    this.poller.remove(this.fd);
    this.interest = -1;
  }

  private sendRest(): void {
    const unsent = this.rest!.subarray(this.restFrom, this.restTo);
    const sent = this.libc.send(this.fd, unsent, unsent.length, c.MSG_NOSIGNAL);
    if (sent < unsent.length) {
      if (sent >= 0) this.restFrom += sent;
      else if (!this.isTemporary()) this.finish();
      return;
    }
    this.rest = null;
    if (this.isClosing) return this.finish();
    this.watch();
    this.peer!.drained();
  }

  /** Tells the poller what matters now. */
  private watch(): void {
    if (this.isClosed) return;
    const reads = !this.isPaused && !this.hasEnded && !this.isClosing;
    const interest = (reads ? c.EPOLLIN : 0) | (this.rest === null ? 0 : c.EPOLLOUT);
    if (interest === this.interest) return;
    if (this.interest >= 0) this.poller.modify(this.fd, interest);
    else if (interest === 0) return; // a false alarm would be all there is
    else if (!this.poller.add(this.fd, interest, this)) return this.finish();
    this.interest = interest;
  }

  private isTemporary(): boolean {
    const errno = this.libc.errno();
    return errno === c.EAGAIN || errno === c.EINTR;
  }

  private finish(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.rest = null;
    this.poller.remove(this.fd);
    this.libc.close(this.fd);
    this.peer?.closed();
  }
}
