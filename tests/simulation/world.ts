// The made world of one run: the server's present life, its disk, its clients, and time. What happens in it is decided by
// whoever runs it; here are the single steps, and what follows when the process comes to its end.

import { Disk } from "../../src/adapters/memory/disk.ts";
import { Crash } from "../../src/adapters/memory/disk_faults.ts";
import { MemoryConnection } from "../../src/adapters/memory/transport.ts";
import { Random } from "../support/random.ts";
import { Auditor } from "./auditor.ts";
import { flipOneBit } from "./bit_flips.ts";
import { Chronicle } from "./chronicle.ts";
import { CLOCK_STEPS } from "./disk_plan.ts";
import { Client } from "./client.ts";
import { Fingerprint } from "./fingerprint.ts";
import { checkInvariants } from "./invariants.ts";
import { checkLogRoom } from "./log_room.ts";
import { checkLogSize } from "./log_size.ts";
import { Lessee } from "./lessee.ts";
import { Life } from "./life.ts";
import {
  CLOCK_STEPPED,
  CRASHES,
  DAMAGED,
  LOG_FAILED,
  MOVED,
  POWER_CUT,
  PROCESS_KILLED,
  STOPPED,
  TORN,
} from "./model.ts";
import { Operator } from "./operator.ts";
import type { Command } from "./command.ts";
import type { Peer } from "./places.ts";
import type { Plan } from "./plan.ts";
import { drawPlan } from "./plan.ts";
import { judgeRecovery } from "./recovery.ts";
import { Tap } from "./tap.ts";
import { violation } from "./violation.ts";

export interface SimulationOptions {
  /** Look at the engine's inside too; on unless said otherwise. */
  readonly invariants?: boolean;
  /** Told of each event. */
  readonly trace?: (line: string) => void;
  /** Changes the plan of the seed. */
  readonly change?: (plan: Plan) => Plan;
  /** The process is stopped at these operations of the disk, counted from 0. */
  readonly crashesAt?: readonly number[];
}

const BEGINNING = 1_700_000_000_000;
/** Rounds of a turn after which the server should have come to rest, whatever it was given. */
const MOST_ROUNDS = 3000;
/** A large run has its inside looked at only now and then. */
const LARGE_RUN_LOOKS_EVERY = 12;
/** Starts that may fail one after the other, since the disk fails or the process is stopped again. */
const MOST_STARTS = 20;

/** Beside two segments and some records, what the server may want to keep free; and how soon it looks again. */
const ROOM_BYTES = 32_768;
const LOOKS_AGAIN_MS = 250;
/** How often a log that was closed in good order is tried with a bit flipped. */
const FLIPS = 0.5;

/** How a process ends. */
export type End = "kill" | "power cut" | "stop";

export class World {
  readonly random: Random;
  /** Decides what happens to the disk, so that runs in memory alone are what they would be without it. */
  readonly diskRandom: Random;
  readonly leaseRandom: Random;
  readonly plan: Plan;
  readonly auditor: Auditor;
  readonly disk: Disk | null;
  readonly fingerprint = new Fingerprint();
  life!: Life;
  clients: Client[] = [];
  /** Those who do something from within the process, and have not heard of its end. */
  private operators: Operator[] = [];
  /** Sessions as leases have them. */
  lessees: Lessee[] = [];
  private tap: Tap | null = null;
  private formerCalls = 0;
  private readonly seed: number;
  private readonly options: SimulationOptions;
  private readonly chronicle: Chronicle | null;
  private looks = 0;
  private areFaultsOver = false;
  /** Operations that had failed on cue when this life began. */
  private failuresBefore = 0;
  private shortages = 0;
  /** So far the clock was set back since the last life. */
  private clockBackMs = 0;
  /** Starts of the present life, with those that failed. */
  private startsTried = 0;
  /** When the disk was last seen short of room. */
  private lastFullAt = -Infinity;
  /** Records that there were at an instant of rest, for what an interval promises. */
  private recordedBy: { readonly at: number; readonly count: number }[] = [];

  constructor(seed: number, options: SimulationOptions) {
    this.seed = seed;
    this.options = options;
    this.random = new Random(seed);
    this.diskRandom = new Random(seed ^ 0x5eed_d15c);
    this.leaseRandom = new Random(seed ^ 0x1ea5_e000);
    const plan = drawPlan(this.random, this.diskRandom);
    this.plan = options.change?.(plan) ?? plan;
    const { maxJobBytes: largestBodyBytes, maxMemoryBytes, journal } = this.plan;
    this.disk = journal === null ? null : new Disk(journal.capacityBytes, journal.pageBytes);
    this.chronicle = journal === null ? null : new Chronicle(journal.sync === "always");
    this.auditor = new Auditor({
      largestBodyBytes,
      maxMemoryBytes,
      chronicle: this.chronicle,
      diskHasRoom: () => this.diskHasRoom(),
      trace: options.trace ?? null,
    });
    for (const operation of options.crashesAt ?? []) {
      this.stopAt("change", operation, [0, 0.5, 1][operation % 3]);
    }
    this.start(BEGINNING, false);
  }

  /** Calls of the engine, in all lives. */
  get calls(): number {
    return this.formerCalls + (this.tap?.calls ?? 0);
  }

  // Time and turns.

  get clock(): Life["clock"] {
    return this.life.clock;
  }

  /** One turn: the timer if it is due, the end of the turn, a sync if one is done, and whoever reads. False when nothing happened. */
  round(withDisk: boolean = true): boolean {
    let isBusy = this.clock.ring();
    isBusy = this.clock.endTurn() || isBusy;
    if (withDisk && this.disk !== null) isBusy = this.disk.finishSync() || isBusy;
    if (this.disk !== null) this.noteShortage();
    if (this.life.isOver) return false;
    const { operators } = this;
    this.operators = operators.filter((operator) => !operator.leave());
    isBusy ||= this.operators.length < operators.length;
    this.lessees = this.lessees.filter((lessee) => !lessee.isOver);
    let isOver = false;
    for (const client of this.clients) {
      if (client.isReading) isBusy = client.read(Infinity) || isBusy;
      isOver ||= client.isOver;
    }
    if (isOver) this.clients = this.clients.filter((client) => !client.isOver);
    return isBusy;
  }

  /** Turns until the server has nothing left to do; then nothing may be overdue or out of place. */
  rest(): void {
    for (let rounds = 0; this.round(); rounds++) {
      if (rounds === MOST_ROUNDS) violation("the server does not come to rest");
    }
    if (this.life.isOver && this.areFaultsOver) {
      violation(`the log failed without a cause: ${this.life.failure}`);
    }
    if (this.life.isOver) return;
    this.auditor.rests(this.clock.now());
    this.checkTold("is not told what became of it");
    for (const client of this.clients) client.check();
    this.secure();
    const { invariants = true } = this.options;
    if (!invariants || (this.plan.isLarge && this.looks++ % LARGE_RUN_LOOKS_EVERY !== 0)) return;
    checkInvariants(this.life.engine);
    if (this.disk === null) return;
    checkLogSize(this.life, this.disk, this.plan.journal!.segmentBytes);
    checkLogRoom(this.life, this.disk);
  }

  /** Time goes by, and every timer rings when it should. */
  advanceTo(instant: number): void {
    this.rest();
    const { clock } = this;
    while (clock.wakesAt <= instant && !this.life.isOver) {
      clock.moveTo(Math.max(clock.now(), clock.wakesAt));
      this.rest();
    }
    clock.moveTo(instant);
    this.rest();
  }

  // Clients.

  connect(): Client | null {
    const { plan, random, auditor } = this;
    const inProcess = this.operators.length + this.lessees.filter(({ isOpen }) => isOpen).length;
    const mayRefuse = auditor.model.peers.size - inProcess >= plan.maxConnections;
    const client = Client.connect(auditor, this.life, random.pick(plan.capacities));
    if ((client === null) !== mayRefuse) {
      violation(`a connection is ${client === null ? "refused" : "accepted"}`);
    }
    if (client === null) return null;
    this.clients.push(client);
    return client;
  }

  /** Somebody within the process requeues a job. */
  operate(draw: (peer: Peer) => Command): void {
    if (this.life.isOver) return;
    this.operators.push(new Operator(this.auditor, this.life, draw));
  }

  /** Somebody within the process takes a job. */
  lease(id: number): void {
    if (!this.life.isOver) this.lessees.push(new Lessee(this.auditor, this.life, id));
  }

  /** Whoever did something must have heard of it. */
  private checkTold(what: string): void {
    if (this.lessees.some(({ isOwed }) => isOwed)) violation(`a session that did something ${what}`);
  }

  // The process.

  /** Does something. If the process comes to its end meanwhile, another one goes on. */
  guard(act: () => void): void {
    const { life } = this;
    try {
      act();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    if (this.disk?.isDown) {
      this.hear(CRASHES);
      this.restart(this.drawEnd());
    } else if (life === this.life && life.failure !== null) this.bury(life);
  }

  drawEnd(): End {
    return this.diskRandom.chance(this.plan.journal!.powerCut) ? "power cut" : "kill";
  }

  /** Has the process stopped at an operation of the disk to come: before (0), after (1) or in the middle of it. */
  stopAt(on: "sync" | "change", after: number, done: number): void {
    this.disk?.faults.arm({ on, after, outcome: "crash", done });
  }

  /** From now on the disk is as it should be. */
  endFaults(): void {
    this.areFaultsOver = true;
    if (this.disk === null) return;
    this.disk.faults.disarm();
    this.disk.takenByOthers = 0;
  }

  /** Ends the process and starts another one on the same disk. */
  restart(end: End): void {
    const { life, disk, plan } = this;
    this.options.trace?.(`the process ends: ${end}`);
    if (end === "stop") this.auditor.isStopping = true;
    else life.isOver = true;
    if (end === "stop") {
      life.server.stop();
      life.isOver = true;
      if (disk!.isDown || life.failure !== null) return this.restart(this.drawEnd());
      this.checkTold("did not hear of it before the server stopped");
      this.chronicle!.secure(this.chronicle!.count);
      this.hear(STOPPED);
    }
    if (life.journal!.facts.migrated > 0) this.hear(MOVED);
    this.endOn(end);
    this.clients = [];
    this.operators = [];
    this.lessees = [];
    this.auditor.crashes();
    this.auditor.isStopping = false;
    const endsAt = life.clock.now();
    const later = endsAt + this.diskRandom.pick([0, 0.25, 1000, 30_000]);
    const isStepped = end === "stop" && this.diskRandom.chance(plan.journal!.clockStep);
    const startsAt = isStepped ? Math.floor(endsAt) - this.diskRandom.pick(CLOCK_STEPS) : later;
    const contents = end === "stop" && this.diskRandom.chance(FLIPS) ? disk!.contents() : null;
    if (isStepped) this.moveClock(startsAt - endsAt);
    this.start(startsAt, end === "power cut");
    if (contents === null) return;
    if (flipOneBit(contents, this.life, this.plan, startsAt, this.diskRandom)) this.hear(DAMAGED);
  }

  /** The machine's clock is set back: instants that were noted are as long ago as before. */
  private moveClock(by: number): void {
    this.options.trace?.(`the clock is set back by ${-by} ms`);
    this.hear(CLOCK_STEPPED);
    this.clockBackMs = Math.ceil(-by);
    this.lastFullAt += by;
    this.recordedBy = this.recordedBy.map(({ at, count }) => ({ at: at + by, count }));
  }

  private endOn(end: End): void {
    if (end === "power cut") this.disk!.powerCut(() => this.diskRandom.next());
    else this.disk!.kill();
    if (end !== "stop") this.hear(end === "power cut" ? POWER_CUT : PROCESS_KILLED);
  }

  /** A new process; if the disk does not let it start, one after it. */
  private start(startedAt: number, wasPowerCut: boolean): void {
    const { plan, seed, disk } = this;
    let isPowerCut = wasPowerCut;
    for (let starts = 1;; starts++) {
      this.startsTried = starts;
      this.failuresBefore = disk?.faults.failures ?? 0;
      try {
        this.life = new Life({ plan, seed, startedAt, disk });
        break;
      } catch (error) {
        const isFault = disk !== null && (disk.isDown || disk.faults.failures > this.failuresBefore);
        if (!isFault || starts === MOST_STARTS) violation(`the server does not start: ${error}`);
        this.options.trace?.(`a start fails: ${error}`);
        const end = this.drawEnd();
        isPowerCut ||= end === "power cut";
        this.endOn(end);
      }
    }
    const { life, chronicle } = this;
    if (life.wasTorn) this.hear(TORN);
    if (chronicle !== null) this.goOnWith(isPowerCut, startedAt);
    const isMute = (): boolean => life.isOver || disk?.isDown === true;
    this.formerCalls = this.calls;
    this.tap = new Tap(
      life.engine,
      life.facts,
      life.server.refusals,
      this.auditor,
      this.fingerprint,
      () => life.clock.now(),
      isMute,
    );
  }

  private goOnWith(isPowerCut: boolean, now: number): void {
    const { auditor, life, chronicle, fingerprint } = this;
    const back = this.clockBackMs;
    this.clockBackMs = 0;
    // A start that failed may have noted it already; its records are judged by it all the same.
    if (life.clockWentBackMs !== back && (life.clockWentBackMs !== 0 || this.startsTried === 1)) {
      violation(`the clock went back by ${back} ms, not ${life.clockWentBackMs}`);
    }
    const { finding, model } = judgeRecovery(life.engine, chronicle!, auditor.model, isPowerCut, now, back);
    this.options.trace?.(
      `${finding.jobs.length} jobs are back: ${finding.kept} records kept, ${finding.lost} lost`,
    );
    fingerprint.number(finding.kept);
    fingerprint.number(finding.jobs.length);
    fingerprint.number(this.disk!.faults.changes);
    auditor.model = model;
    this.recordedBy = this.recordedBy.filter(({ count }) => count <= finding.kept);
  }

  /** The log has failed. The server must have stopped by itself. */
  private bury(life: Life): void {
    const { disk } = this;
    if (disk!.faults.failures === this.failuresBefore) {
      violation(`the log failed without a cause: ${life.failure}`);
    }
    this.hear(LOG_FAILED);
    this.checkTold("did not hear that the log has failed");
    life.clock.endTurn();
    if (!this.clients.every((client) => client.isOver || client.isClosedByServer)) {
      violation("the log has failed, and connections are still open");
    }
    const late = new MemoryConnection(life.server.accept);
    if (!late.isClosedByServer) violation("the log has failed, and connections are still accepted");
    this.restart(this.drawEnd());
  }

  /** Room enough for any put, and the server has had the time to see it. */
  private diskHasRoom(): boolean {
    const { segmentBytes } = this.plan.journal!;
    const now = this.clock.now();
    this.noteShortage();
    if (this.disk!.freeBytes < 2 * segmentBytes + 4 * this.plan.maxJobBytes + ROOM_BYTES) {
      this.lastFullAt = now;
    }
    return now > this.lastFullAt + LOOKS_AGAIN_MS;
  }

  private noteShortage(): void {
    const { shortages } = this.disk!;
    if (shortages > this.shortages) this.lastFullAt = this.clock.now();
    this.shortages = shortages;
  }

  /** What must be on the disk by now when it is synced at the end of each interval. */
  private secure(): void {
    const { chronicle, plan } = this;
    if (chronicle === null || plan.journal!.sync !== "interval") return;
    const now = this.clock.now();
    while (this.recordedBy.length > 0 && this.recordedBy[0].at + plan.journal!.intervalMs <= now) {
      chronicle.secure(this.recordedBy.shift()!.count);
    }
    this.recordedBy.push({ at: now, count: chronicle.count });
  }

  private hear(event: string): void {
    this.auditor.model.heard.add(event);
  }
}
