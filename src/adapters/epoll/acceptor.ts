// A listening socket: takes what has connected, some per round.

import type { RefusalReporter } from "../../ports/refusals.ts";
import type { Accept } from "../../ports/transport.ts";
import { ACCEPT_PAUSE_MS } from "../accept_failure.ts";
import * as c from "./libc.ts";
import type { Libc } from "./libc.ts";
import type { Poller, Watcher } from "./poller.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import { EpollTransport } from "./transport.ts";

/** Connections accepted in one round. */
const ACCEPTS_PER_ROUND = 64;
/** The listener would be reported again at once. */
const OUT_OF_RESOURCES: readonly number[] = [c.EMFILE, c.ENFILE, c.ENOBUFS, c.ENOMEM];

export class Acceptor implements Watcher {
  private readonly libc: Libc;
  private readonly poller: Poller;
  private readonly buffer: ReadBuffer;
  private readonly fd: number;
  private readonly accept: Accept;
  private readonly refusals: RefusalReporter | undefined;
  private isOpen = true;

  constructor(
    libc: Libc,
    poller: Poller,
    buffer: ReadBuffer,
    fd: number,
    accept: Accept,
    refusals?: RefusalReporter,
  ) {
    this.libc = libc;
    this.poller = poller;
    this.buffer = buffer;
    this.fd = fd;
    this.accept = accept;
    this.refusals = refusals;
    this.poller.add(fd, c.EPOLLIN, this);
  }

  ready(): void {
    for (let i = 0; i < ACCEPTS_PER_ROUND && this.isOpen; i++) {
      const fd = this.libc.accept4(this.fd, null, null, c.SOCK_NONBLOCK | c.SOCK_CLOEXEC);
      if (fd >= 0) this.welcome(fd);
      else {
        const errno = this.libc.errno();
        if (errno === c.EAGAIN) return;
        if (OUT_OF_RESOURCES.includes(errno)) return this.rest();
        // Anything else is about a connection that is gone already.
      }
    }
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.poller.remove(this.fd);
    this.libc.close(this.fd);
  }

  private welcome(fd: number): void {
    const transport = new EpollTransport(this.libc, this.poller, this.buffer, fd);
    const peer = this.accept(transport);
    if (peer !== null) transport.open(peer);
  }

  private rest(): void {
    this.refusals?.refused("descriptors", null);
    this.poller.modify(this.fd, 0);
    setTimeout(() => this.isOpen && this.poller.modify(this.fd, c.EPOLLIN), ACCEPT_PAUSE_MS);
  }
}
