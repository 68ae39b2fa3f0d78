// The end of a run, without faults: all that was begun must end, and every job must be there to be taken and deleted.

import type { Client } from "./client.ts";
import { line } from "./command.ts";
import { violation } from "./violation.ts";
import type { World } from "./world.ts";

/** Longer than any wait, delay and ttr of a plan but the endless ones, in milliseconds. */
const LONG_MS = 70_000;
const MOST_ROUNDS = 3000;

export function endRun(world: World): void {
  world.endFaults();
  for (const lessee of world.lessees) lessee.close();
  recover(world);
  endWaits(world);
  empty(world);
  if (world.disk === null) return;
  world.restart("stop");
  const { count } = world.life.engine.jobs;
  if (count > 0) violation(`${count} jobs came back after all had been deleted`);
}

/** All that is underway arrives, and everybody reads. */
function recover(world: World): void {
  for (const client of world.clients) client.isReading = true;
  world.rest();
  for (let rounds = 0; world.clients.some((client) => client.underway > 0); rounds++) {
    if (rounds === MOST_ROUNDS) violation("the server does not take what it is sent");
    for (const client of world.clients) client.deliver(65_536);
    world.rest();
    if (world.clients.every((client) => client.peer.isBlocked || client.underway === 0)) break;
  }
}

/** Time runs on until every wait with an end has ended; the endless ones are ended by their clients. */
function endWaits(world: World): void {
  const { clock, auditor } = world;
  for (
    let rounds = 0;
    world.clients.some((client) => client.peer.waitUntil < Infinity && client.peer.isWaiting);
    rounds++
  ) {
    if (rounds === MOST_ROUNDS) violation("a wait does not end");
    world.advanceTo(Math.min(clock.now() + LONG_MS, Math.max(clock.now(), clock.wakesAt)));
    for (const client of world.clients) client.deliver(65_536);
  }
  world.advanceTo(clock.now() + LONG_MS);
  for (const client of [...world.clients]) client.end();
  world.rest();
  for (const peer of auditor.model.peers) if (peer.isWaiting) violation(`${peer.number} waits for ever`);
  if (world.clients.length > 0) violation(`connection ${world.clients[0].peer.number} is not closed`);
}

/** A last client takes every job there is and deletes it: nothing may be left. */
function empty(world: World): void {
  const { auditor, life } = world;
  const { model } = auditor;
  const client = world.connect()!;
  const ask = (...commands: Parameters<Client["say"]>[0][]): void => {
    for (const command of commands) client.say(command);
    do {
      client.deliver(65_536);
      world.rest();
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
  world.rest();
  const { engine } = life;
  if (engine.jobs.count > 0 || engine.usedBytes > 0) {
    violation(`${engine.jobs.count} jobs, ${engine.usedBytes} bytes left`);
  }
  if (engine.tubes.list.length !== 1) violation(`${engine.tubes.list.length} tubes are left`);
  if (engine.hasWork) violation("something is still to be done");
  const { drainedCount } = life;
  if (model.isDraining ? drainedCount === 0 : drainedCount > 0 && world.plan.drainsAt === Infinity) {
    violation(`told ${drainedCount} times that it has drained; does it drain: ${model.isDraining}`);
  }
}
