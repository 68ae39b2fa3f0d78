// One run of the server in a world made from a seed: its clock, its connections and its clients are all driven from
// here, one small step after the other, and every step is audited.
//
// First with faults (nothing wrong may happen), then without, and time runs on (all that was begun must end). Two runs
// of a seed are the same to the last byte, on every runtime.

import { VirtualClock } from "../../src/adapters/memory/clock.ts";
import { Server } from "../../src/server/server.ts";
import { Random } from "../support/random.ts";
import { Auditor } from "./auditor.ts";
import { Client } from "./client.ts";
import { line } from "./command.ts";
import { FACTS } from "./facts.ts";
import { Fingerprint } from "./fingerprint.ts";
import { checkInvariants } from "./invariants.ts";
import { drawHttp } from "./malformed.ts";
import type { Plan } from "./plan.ts";
import { drawPlan } from "./plan.ts";
import { Tap } from "./tap.ts";
import { violation } from "./violation.ts";
import { Workload } from "./workload.ts";

export interface SimulationOptions {
  /** Look at the engine's inside too; on unless said otherwise. */
  readonly invariants?: boolean;
  /** Told of each event. */
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  readonly fingerprint: string;
  /** Calls of the engine. */
  readonly calls: number;
  readonly jobs: number;
  /** The first words of all replies, see ALL_THERE_IS. */
  readonly heard: ReadonlySet<string>;
}

/** Runs a seed. Throws a Violation, or whatever the server throws. */
export function simulate(seed: number, options: SimulationOptions = {}): Outcome {
  return new Simulation(seed, options).run();
}

const BEGINNING = 1_700_000_000_000;
/** Rounds of a turn after which the server should have come to rest, whatever it was given. */
const MOST_ROUNDS = 3000;
/** A large run has its inside looked at only now and then. */
const LARGE_RUN_LOOKS_EVERY = 12;
/** How often thousands of commands are said at once in a large run. */
const MOST_BULKS = 7;
/** Longer than any wait, delay and ttr of a plan but the endless ones, in milliseconds. */
const LONG_MS = 70_000;

class Simulation {
  private readonly random: Random;
  private readonly plan: Plan;
  private readonly options: SimulationOptions;
  private readonly clock = new VirtualClock(BEGINNING);
  private readonly fingerprint = new Fingerprint();
  private readonly server: Server;
  private readonly auditor: Auditor;
  private readonly tap: Tap;
  private readonly workload: Workload;
  private clients: Client[] = [];
  private looks = 0;
  private bulks = 0;
  private drainedCount = 0;

  constructor(seed: number, options: SimulationOptions) {
    this.options = options;
    this.random = new Random(seed);
    const plan = this.plan = drawPlan(this.random);
    const { maxJobBytes, maxConnections, maxMemoryBytes } = plan;
    const facts = { ...FACTS, startedAt: BEGINNING, maxJobBytes };
    this.server = new Server({
      clock: this.clock,
      facts,
      maxConnections,
      maxMemoryBytes,
      seed,
      onDrained: () => void this.drainedCount++,
    });
    this.auditor = new Auditor({
      largestBodyBytes: maxJobBytes,
      maxMemoryBytes,
      trace: options.trace ?? null,
    });
    this.tap = new Tap(this.server.engine, facts, this.auditor, this.fingerprint, () => this.clock.now());
    this.workload = new Workload(this.random, plan, this.auditor.model);
  }

  run(): Outcome {
    for (let step = 0; step < this.plan.steps; step++) {
      if (step === this.plan.drainsAt) this.drain();
      this.step();
    }
    this.recover();
    this.endWaits();
    this.empty();
    const { totalJobs: jobs, heard } = this.auditor.model;
    return { fingerprint: this.fingerprint.toString(), calls: this.tap.calls, jobs, heard };
  }

  // With faults.

  private step(): void {
    const { random, plan } = this;
    const { faults } = plan;
    if (this.clients.length === 0 || (this.clients.length < plan.connections && random.chance(0.3))) {
      const newcomer = this.connect();
      if (random.chance(faults.malformed / 2)) newcomer?.say(drawHttp(random));
    }
    if (this.clients.length === 0) return;
    const client = random.pick(this.clients);
    const luck = random.next();
    if (plan.isLarge && luck < 0.12 && this.bulks < MOST_BULKS) this.sayInBulk(client);
    else if (luck < 0.6) this.say(client);
    else if (luck < 0.72) client.deliver(1 + random.below(random.pick([3, 30, 70_000])));
    else if (luck < 0.9) this.passTime();
    if (random.chance(faults.deaf)) client.isReading = !client.isReading;
    if (random.chance(faults.halfClose)) client.end();
    if (random.chance(faults.cut)) client.cut();
    if (random.chance(faults.busy)) return;
    if (random.chance(faults.busy)) this.round();
    else this.rest();
  }

  private connect(): Client | null {
    const { plan, random, auditor } = this;
    const mayRefuse = auditor.model.peers.size >= plan.maxConnections;
    const client = Client.connect(auditor, this.server.accept, random.pick(plan.capacities));
    if ((client === null) !== mayRefuse) {
      violation(`a connection is ${client === null ? "refused" : "accepted"}`);
    }
    if (client === null) return null;
    this.clients.push(client);
    return client;
  }

  private say(client: Client): void {
    const { random, plan } = this;
    const { faults } = plan;
    for (let count = 1 + random.below(plan.pipelining); count > 0; count--) {
      client.say(this.workload.draw(client.peer));
    }
    if (random.chance(faults.hold) || (client.isPaused && random.chance(0.9))) return;
    client.deliverAll(random, faults.split);
  }

  private sayInBulk(client: Client): void {
    const { random } = this;
    if (client.peer.held.length > 1000 && random.chance(0.3)) return client.cut();
    if (client.underway > 100_000 || client.peer.isBlocked) return;
    this.bulks++;
    for (const command of this.workload.drawBulk(client.peer)) client.say(command);
    client.deliverAll(random, 0);
  }

  /** Moves time on: a little, some seconds, or to the very instant at which something is due, or just beside it. */
  private passTime(): void {
    const { random, clock } = this;
    const until = clock.wakesAt;
    const isNear = until < clock.now() + 10_000;
    let instant = clock.now() + 1000 * random.pick([0, 1, 1, 2, 3]);
    if (!this.plan.isCoarse) {
      if (isNear && random.chance(0.5)) instant = until + random.pick([-0.25, 0, 0, 0.25, 3]);
      else instant = clock.now() + random.pick([0.25, 1, 7.5, 100, 999.75, 1000, 1500.5]);
    }
    if (random.chance(this.plan.faults.late)) return clock.moveTo(Math.max(clock.now(), instant));
    this.advanceTo(Math.max(clock.now(), instant));
  }

  /** Time goes by, and every timer rings when it should. */
  private advanceTo(instant: number): void {
    const { clock } = this;
    this.rest();
    while (clock.wakesAt <= instant) {
      clock.moveTo(Math.max(clock.now(), clock.wakesAt));
      this.rest();
    }
    clock.moveTo(instant);
    this.rest();
  }

  private drain(): void {
    this.server.drain();
    this.auditor.model.isDraining = true;
  }

  /** One turn: the timer if it is due, the end of the turn, and whoever reads. False when nothing happened. */
  private round(): boolean {
    let isBusy = this.clock.ring();
    isBusy = this.clock.endTurn() || isBusy;
    let isOver = false;
    for (const client of this.clients) {
      if (client.isReading) isBusy = client.read(Infinity) || isBusy;
      isOver ||= client.isOver;
    }
    if (isOver) this.clients = this.clients.filter((client) => !client.isOver);
    return isBusy;
  }

  /** Turns until the server has nothing left to do; then nothing may be overdue or out of place. */
  private rest(): void {
    for (let rounds = 0; this.round(); rounds++) {
      if (rounds === MOST_ROUNDS) violation("the server does not come to rest");
    }
    this.auditor.rests(this.clock.now());
    for (const client of this.clients) client.check();
    const { invariants = true } = this.options;
    if (!invariants || (this.plan.isLarge && this.looks++ % LARGE_RUN_LOOKS_EVERY !== 0)) return;
    checkInvariants(this.server.engine);
  }

  // Without faults.

  /** All that is underway arrives, and everybody reads. */
  private recover(): void {
    for (const client of this.clients) client.isReading = true;
    this.rest();
    for (let rounds = 0; this.clients.some((client) => client.underway > 0); rounds++) {
      if (rounds === MOST_ROUNDS) violation("the server does not take what it is sent");
      for (const client of this.clients) client.deliver(65_536);
      this.rest();
      if (this.clients.every((client) => client.peer.isBlocked || client.underway === 0)) break;
    }
  }

  /** Time runs on until every wait with an end has ended; the endless ones are ended by their clients. */
  private endWaits(): void {
    const { clock, auditor } = this;
    for (
      let rounds = 0;
      this.clients.some((client) => client.peer.waitUntil < Infinity && client.peer.isWaiting);
      rounds++
    ) {
      if (rounds === MOST_ROUNDS) violation("a wait does not end");
      this.advanceTo(Math.min(clock.now() + LONG_MS, Math.max(clock.now(), clock.wakesAt)));
      for (const client of this.clients) client.deliver(65_536);
    }
    this.advanceTo(clock.now() + LONG_MS);
    for (const client of [...this.clients]) client.end();
    this.rest();
    for (const peer of auditor.model.peers) if (peer.isWaiting) violation(`${peer.number} waits for ever`);
    if (this.clients.length > 0) violation(`connection ${this.clients[0].peer.number} is not closed`);
  }

  /** A last client takes every job there is and deletes it: nothing may be left. */
  private empty(): void {
    const { auditor, server } = this;
    const { model } = auditor;
    const client = this.connect()!;
    const ask = (...commands: Parameters<Client["say"]>[0][]): void => {
      for (const command of commands) client.say(command);
      do {
        client.deliver(65_536);
        this.rest();
      } while (client.underway > 0);
    };
    for (const tube of [...model.tubes.keys()]) {
      ask(line("use", `use ${tube}`, { tube }), line("watch", `watch ${tube}`, { tube }));
      ask(line("pauseTube", `pause-tube ${tube} 0`, { tube, seconds: 0 }));
      for (let i = 0; i < 2; i++) ask(line("kick", "kick 4000000", { bound: 4_000_000 }));
    }
    const left = model.jobs.size;
    for (const tube of model.tubes.values()) {
      if (tube.ready.length !== tube.jobs) {
        violation(`${tube.jobs - tube.ready.length} jobs of ${tube.name} are not ready`);
      }
    }
    for (let i = 0; i < left; i++) {
      client.say(line("reserveWithTimeout", "reserve-with-timeout 0", { seconds: 0 }));
    }
    ask();
    if (client.peer.held.length !== left) {
      violation(`${left - client.peer.held.length} jobs could not be had`);
    }
    ask(...client.peer.held.items.map(({ id }) => line("delete", `delete ${id}`, { id })));
    client.end();
    this.rest();
    const { engine } = server;
    if (engine.jobs.count > 0 || engine.usedBytes > 0) {
      violation(`${engine.jobs.count} jobs, ${engine.usedBytes} bytes left`);
    }
    if (engine.tubes.list.length !== 1) violation(`${engine.tubes.list.length} tubes are left`);
    if (engine.hasWork) violation("something is still to be done");
    if (this.drainedCount !== (model.isDraining ? 1 : 0)) {
      violation(`told ${this.drainedCount} times that it has drained`);
    }
  }
}
