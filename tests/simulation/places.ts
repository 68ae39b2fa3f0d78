// What the auditor knows of jobs, tubes and peers: plain objects, written without a look at the engine's own.

import type { Command } from "./command.ts";
import type { Conversation } from "./conversation.ts";
import { SortedList } from "./sorted_list.ts";

export type State = "ready" | "delayed" | "reserved" | "buried";

export interface Job {
  readonly id: number;
  tube: Tube;
  body: Uint8Array;
  readonly createdAt: number;
  ttr: number;
  pri: number;
  delay: number;
  state: State;
  /** End of the delay or of the ttr, in milliseconds. */
  deadline: number;
  holder: Peer | null;
  /** Number of its last burial. */
  burial: number;
  /** It may be ready by now, or still be as `state` says: the server moves large crowds in several steps. */
  isPending: boolean;
  reserves: number;
  timeouts: number;
  releases: number;
  buries: number;
  kicks: number;
}

export const byPriority = (a: Job, b: Job): number => a.pri - b.pri || a.id - b.id;
export const byDeadline = (a: Job, b: Job): number => a.deadline - b.deadline || a.id - b.id;

/** A kick that goes on; `ofBuried` tells which kind of jobs it takes. */
export interface Kick {
  readonly tube: Tube;
  readonly ofBuried: boolean;
  readonly bound: number;
  /** Jobs there were for it when it began. */
  readonly found: number;
}

export class Tube {
  readonly name: string;
  readonly ready = new SortedList(byPriority);
  readonly delayed = new SortedList(byDeadline);
  /** In order of burial. */
  readonly buried = new Set<Job>();
  /** Sessions that wait, in the order in which they began to. */
  readonly waiters: Peer[] = [];
  /** Jobs in any state. */
  jobs = 0;
  urgent = 0;
  reserved = 0;
  pending = 0;
  using = 0;
  watching = 0;
  totalJobs = 0;
  deletes = 0;
  pauses = 0;
  pauseSeconds = 0;
  /** 0 when it is not paused. */
  pausedUntil = 0;
  /** Its pause is over, but the server may not have come to it yet. */
  mayBePaused = false;
  /** Kicks going on here, how many jobs were kicked and not yet claimed by a KICKED, and whether that is exact. */
  readonly kicks = new Set<Kick>();
  unclaimed = 0;
  isExact = true;

  constructor(name: string) {
    this.name = name;
  }

  get isIdle(): boolean {
    return this.jobs === 0 && this.using === 0 && this.watching === 0;
  }

  /** Whether its ready jobs can be had for certain. */
  get grants(): boolean {
    return this.pausedUntil === 0 && !this.mayBePaused;
  }
}

export class Peer {
  readonly number: number;
  readonly talk: Conversation;
  used: Tube;
  readonly watched = new Set<Tube>();
  readonly held = new SortedList(byDeadline);
  isProducer = false;
  isWorker = false;
  isHalfClosed = false;
  /** The client has closed it; what the server still sends is lost. */
  isCut = false;
  isWaiting = false;
  waitUntil = Infinity;
  /** While it waited, the margin of a held job has begun. */
  marginReached = false;
  kick: Kick | null = null;
  /** The put whose body is on its way, with the id and time that its line got. */
  draft: Command | null = null;
  draftId = 0;
  draftAt = 0;

  constructor(number: number, home: Tube, talk: Conversation) {
    this.number = number;
    this.used = home;
    this.watched.add(home);
    this.talk = talk;
  }

  get isBlocked(): boolean {
    return this.isWaiting || this.kick !== null;
  }
}
