// One run of the server in a world made from a seed: its clock, its disk, its connections and its clients are all driven
// from here, one small step after the other, and every step is audited.
//
// First with faults (nothing wrong may happen), then without, and time runs on (all that was begun must end; ending.ts).
// Two runs of a seed are the same to the last byte, on every runtime.

import type { Client } from "./client.ts";
import { line } from "./command.ts";
import { endRun } from "./ending.ts";
import { drawHttp } from "./malformed.ts";
import { Workload } from "./workload.ts";
import { World } from "./world.ts";
import type { SimulationOptions } from "./world.ts";

export interface Outcome {
  readonly fingerprint: string;
  /** Calls of the engine. */
  readonly calls: number;
  readonly jobs: number;
  /** Operations of the disk that changed something; 0 without one. */
  readonly diskChanges: number;
  /** The first words of all replies, and what else came about; see ALL_THERE_IS. */
  readonly heard: ReadonlySet<string>;
}

/** Runs a seed. Throws a Violation, or whatever the server throws. */
export function simulate(seed: number, options: SimulationOptions = {}): Outcome {
  return new Simulation(new World(seed, options)).run();
}

/** How often thousands of commands are said at once in a large run. */
const MOST_BULKS = 7;
/** A fault strikes one of so many operations of the disk to come. */
const FAULT_WITHIN = 30;

class Simulation {
  private readonly world: World;
  private readonly workload: Workload;
  private bulks = 0;

  constructor(world: World) {
    this.world = world;
    this.workload = new Workload(world.random, world.plan, () => world.auditor.model);
  }

  run(): Outcome {
    const { world } = this;
    for (let step = 0; step < world.plan.steps; step++) {
      if (step === world.plan.drainsAt) this.drain(step, true);
      if (step === world.plan.drainsUntil) this.drain(step, false);
      if (world.disk !== null) this.troubleTheDisk();
      world.guard(() => this.step());
    }
    endRun(world);
    const { totalJobs: jobs, heard } = world.auditor.model;
    const diskChanges = world.disk?.faults.changes ?? 0;
    return { fingerprint: world.fingerprint.toString(), calls: world.calls, jobs, diskChanges, heard };
  }

  private step(): void {
    const { world } = this;
    const { random, plan } = world;
    const { faults } = plan;
    if (world.clients.length === 0 || (world.clients.length < plan.connections && random.chance(0.3))) {
      const newcomer = world.connect();
      if (random.chance(faults.malformed / 2)) newcomer?.say(drawHttp(random));
    }
    if (random.chance(plan.requeues)) world.operate((peer) => this.workload.drawRequeue(peer));
    if (plan.leases > 0) this.lease();
    if (world.clients.length === 0) return;
    const client = random.pick(world.clients);
    const luck = random.next();
    if (plan.isLarge && luck < 0.12 && this.bulks < MOST_BULKS) this.sayInBulk(client);
    else if (luck < 0.6) this.say(client);
    else if (luck < 0.72) client.deliver(1 + random.below(random.pick([3, 30, 70_000])));
    else if (luck < 0.9) this.passTime();
    if (random.chance(faults.deaf)) client.isReading = !client.isReading;
    if (random.chance(faults.halfClose)) client.end();
    if (random.chance(faults.cut)) client.cut();
    if (random.chance(faults.busy)) return;
    if (random.chance(faults.busy)) world.round();
    else if (plan.journal !== null && world.diskRandom.chance(plan.journal.slow)) this.turnsWithoutSync();
    else world.rest();
  }

  private lease(): void {
    const { world } = this;
    const { leaseRandom: random, plan, auditor } = world;
    if (random.chance(plan.leases)) world.lease(1 + random.below(auditor.model.lastId + 1));
    if (world.lessees.length > 0 && random.chance(0.7)) random.pick(world.lessees).goOn(random);
  }

  private say(client: Client): void {
    const { random, plan } = this.world;
    const { faults } = plan;
    for (let count = 1 + random.below(plan.pipelining); count > 0; count--) {
      client.say(this.workload.draw(client.peer));
    }
    if (random.chance(faults.hold) || (client.isPaused && random.chance(0.9))) return;
    client.deliverAll(random, faults.split);
  }

  private sayInBulk(client: Client): void {
    const { random } = this.world;
    if (client.peer.held.length > 1000 && random.chance(0.3)) return client.cut();
    if (client.underway > 100_000 || client.peer.isBlocked) return;
    this.bulks++;
    for (const command of this.workload.drawBulk(client.peer)) client.say(command);
    client.deliverAll(random, 0);
  }

  /** Moves time on: a little, some seconds, or to the very instant at which something is due, or just beside it. */
  private passTime(): void {
    const { random, clock, plan } = this.world;
    const until = clock.wakesAt;
    const isNear = until < clock.now() + 10_000;
    let instant = clock.now() + 1000 * random.pick([0, 1, 1, 2, 3]);
    if (!plan.isCoarse) {
      if (isNear && random.chance(0.5)) instant = until + random.pick([-0.25, 0, 0, 0.25, 3]);
      else instant = clock.now() + random.pick([0.25, 1, 7.5, 100, 999.75, 1000, 1500.5]);
    }
    if (random.chance(plan.faults.late)) return clock.moveTo(Math.max(clock.now(), instant));
    this.world.advanceTo(Math.max(clock.now(), instant));
  }

  /** The disk takes its time, and the server goes on meanwhile. */
  private turnsWithoutSync(): void {
    const { world } = this;
    for (let turns = world.diskRandom.below(4); turns > 0; turns--) world.round(false);
  }

  /** The process ends while it does nothing, perhaps after a pause. */
  private endQuietly(): void {
    const { world } = this;
    const { diskRandom: random, clock, plan } = world;
    if (random.chance(0.5)) world.guard(() => world.advanceTo(clock.now() + plan.journal!.intervalMs));
    world.restart(world.drawEnd());
  }

  /** Whoever runs the server says so, or every other time a client does; which, the step decides. */
  private drain(step: number, isOn: boolean): void {
    const { clients, life, auditor } = this.world;
    if (clients.length > 0 && step % 2 === 1) {
      const client = clients[step % clients.length];
      return client.say(line("drain", `drain ${isOn ? "on" : "off"}`, { isOn }));
    }
    life.server.drain(isOn);
    auditor.model.isDraining = isOn;
  }

  private troubleTheDisk(): void {
    const { world } = this;
    const { diskRandom: random, plan } = world;
    const { journal } = plan;
    const disk = world.disk!;
    if (random.chance(journal!.crash)) {
      if (random.chance(0.5)) return this.endQuietly();
      // Where a sync should have been, too little is on the disk for whoever was too early.
      if (random.chance(0.5)) world.stopAt("sync", random.below(FAULT_WITHIN / 3), 0);
      else world.stopAt("change", random.below(FAULT_WITHIN), random.pick([0, 0.5, 1]));
    }
    if (random.chance(journal!.failure)) {
      const on = random.pick(["change", "write", "sync", "read", "syncDirectory"] as const);
      const outcome = on === "write" && random.chance(0.3) ? "ENOSPC" : "EIO";
      disk.faults.arm({ on, after: random.below(FAULT_WITHIN), outcome, done: random.pick([0, 0.5, 1]) });
    }
    if (random.chance(journal!.restart)) world.guard(() => world.restart("stop"));
    if (random.chance(journal!.crowding)) disk.takenByOthers = random.chance(0.5) ? disk.freeBytes : 0;
  }
}
