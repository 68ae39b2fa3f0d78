// Turns: the poller asks the system what is ready, lets each descriptor's owner act, runs what waited for the end of the
// round, and does so again; at least once a millisecond the runtime has its turn.
//
// While commands come without a pause that is all: one epoll_wait for many connections and no callback of the runtime.
// When they stop it waits a few milliseconds inside epoll_wait, together with the runtime's own epoll descriptors, so that
// whatever is due there (other sockets, signals, files) ends the wait. After that the waiting is left to the runtime: an
// idle server is woken by nothing.
//
// Level-triggered: a descriptor that still has something is reported again, so one read per round is enough, and nobody
// has to read until there is nothing more (a third system call per command).

import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { setImmediate } from "node:timers";
import * as c from "./libc.ts";
import type { Libc } from "./libc.ts";

/** Descriptors taken from the system at once: bounds a round. */
const EVENTS_PER_ROUND = 256;
/** After this long the runtime has its turn. */
const SLICE_MS = 1;
/**
 * Longest wait inside epoll_wait: what timers of the runtime other than the server's may be late by, when commands stop.
 * Not shorter: to set the machine's timer for each wait of a millisecond costs a single client a tenth of its speed.
 */
const PAUSE_MS = 10;
/** struct epoll_event in 32-bit words, packed on x64: what is ready, then 64 bits of ours, the first 32 of them used. */
const EVENT_WORDS = process.arch === "x64" ? 3 : 4;
const DATA_WORD = EVENT_WORDS - 2;

/** Owner of a descriptor. */
export interface Watcher {
  /** Something of EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. A false alarm must do no harm. */
  ready(events: number): void;
}

export class Poller {
  private readonly libc: Libc;
  /** Lets the runtime look for its own input, then calls back. */
  private readonly handOver: (callback: () => void) => void;
  /** What is watched. */
  private readonly epoll: number;
  /** That, and the runtime's own: two sets, since the runtime in turn watches the first. */
  private readonly all: number;
  /** Always readable: in the set it ends a wait that was left to the runtime. */
  private readonly bell: number;
  private readonly events = new Int32Array(EVENTS_PER_ROUND * EVENT_WORDS);
  private readonly eventBytes = new Uint8Array(this.events.buffer);
  private readonly event = new Int32Array(EVENT_WORDS);
  private readonly oneEventBytes = new Uint8Array(this.event.buffer);
  /** When the server's timer rings, by performance.now(): no wait goes beyond it. */
  dueAt = Infinity;
  /** By descriptor. */
  private readonly watchers: (Watcher | undefined)[] = [];
  private watcherCount = 0;
  /** For the end of the round, and a spare list. */
  private callbacks: (() => void)[] = [];
  private spare: (() => void)[] = [];
  private isScheduled = false;
  private isRunning = false;
  /** A wait is left to the runtime. */
  private isWaiting = false;
  /** Something was ready since the last pause in vain. */
  private isBusy = false;
  private hasRuntimeInput = false;
  private readonly runNow = (): void => this.run();
  private readonly wake = (): void => {
    this.isWaiting = false;
    if (!this.isScheduled) this.run();
  };

  constructor(libc: Libc, handOver: (callback: () => void) => void) {
    this.libc = libc;
    this.handOver = handOver;
    const runtimes = epollDescriptors();
    this.epoll = libc.epoll_create1(c.EPOLL_CLOEXEC);
    this.all = libc.epoll_create1(c.EPOLL_CLOEXEC);
    this.bell = libc.eventfd(1, c.EFD_CLOEXEC);
    if (this.epoll < 0 || this.all < 0 || this.bell < 0) throw new Error("no descriptors are left for epoll");
    this.watchers[this.bell] = { ready: () => this.control(this.epoll, c.EPOLL_CTL_DEL, this.bell, 0) };
    for (const fd of [this.epoll, ...runtimes]) this.control(this.all, c.EPOLL_CTL_ADD, fd, c.EPOLLIN);
  }

  /** False when the system does not take it. */
  add(fd: number, events: number, watcher: Watcher): boolean {
    if (this.control(this.epoll, c.EPOLL_CTL_ADD, fd, events) < 0) return false;
    this.watchers[fd] = watcher;
    this.watcherCount++;
    this.schedule();
    return true;
  }

  modify(fd: number, events: number): void {
    this.control(this.epoll, c.EPOLL_CTL_MOD, fd, events);
  }

  remove(fd: number): void {
    if (this.watchers[fd] === undefined) return;
    this.control(this.epoll, c.EPOLL_CTL_DEL, fd, 0);
    this.watchers[fd] = undefined;
    this.watcherCount--;
    // With nothing to wait for the process may end.
    if (this.watcherCount === 0) this.control(this.epoll, c.EPOLL_CTL_ADD, this.bell, c.EPOLLIN);
  }

  /** Calls back at the end of the round; when that is over, or there is none, at the end of the next, which is soon. */
  afterRound(callback: () => void): void {
    this.callbacks.push(callback);
    this.schedule();
  }

  private control(epoll: number, operation: number, fd: number, events: number): number {
    this.event[0] = events;
    this.event[DATA_WORD] = fd;
    return this.libc.epoll_ctl(epoll, operation, fd, this.oneEventBytes);
  }

  private schedule(): void {
    if (this.isScheduled || this.isRunning) return;
    this.isScheduled = true;
    setImmediate(this.runNow);
  }

  /** Rounds, until there is nothing to do or the runtime has to have its turn. */
  private run(): void {
    this.isScheduled = false;
    this.isRunning = true;
    this.hasRuntimeInput = false;
    const until = performance.now() + SLICE_MS;
    let found = 0;
    do {
      found = this.round();
      this.isBusy ||= found > 0;
      if (found === 0 && this.callbacks.length === 0 && !(this.isBusy && this.pause())) break;
    } while (!this.hasRuntimeInput && performance.now() < until);
    this.isRunning = false;
    if (!this.isBusy && this.callbacks.length === 0) return this.idle();
    this.isScheduled = true;
    this.handOver(this.runNow);
  }

  /** Answers how many descriptors were ready. */
  private round(): number {
    const { events, watchers } = this;
    const count = this.libc.epoll_wait(this.epoll, this.eventBytes, EVENTS_PER_ROUND, 0);
    for (let i = 0; i < count; i++) {
      // Nobody: it was removed by what came before it in this round.
      watchers[events[i * EVENT_WORDS + DATA_WORD]]?.ready(events[i * EVENT_WORDS]);
    }
    const { callbacks } = this;
    this.callbacks = this.spare;
    this.spare = callbacks;
    for (let i = 0; i < callbacks.length; i++) callbacks[i]();
    callbacks.length = 0;
    return count;
  }

  /** Waits a little for the next commands; whether any came. */
  private pause(): boolean {
    const { events } = this;
    const waitMs = Math.max(0, Math.min(PAUSE_MS, Math.floor(this.dueAt - performance.now())));
    const count = this.libc.epoll_wait(this.all, this.eventBytes, EVENTS_PER_ROUND, waitMs);
    this.isBusy = false;
    for (let i = 0; i < count; i++) {
      if (events[i * EVENT_WORDS + DATA_WORD] === this.epoll) this.isBusy = true;
      else this.hasRuntimeInput = true;
    }
    return this.isBusy;
  }

  private idle(): void {
    if (this.isWaiting || this.watcherCount === 0) return;
    this.isWaiting = true;
    this.libc.whenReadable(this.epoll, this.wake);
  }
}

/** The runtime's own epoll descriptors. Without /proc none is found, and what waits there may have to wait a pause long. */
function epollDescriptors(): number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number).filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[eventpoll]";
      } catch {
        return false; // what the listing itself had open
      }
    });
  } catch {
    return [];
  }
}
