// Faults of the engine and the server that are planted on purpose, to show that the simulation finds what it should; those of
// the journal are in planted_journal_bugs.ts.

import { Alarms } from "../../src/core/alarms.ts";
import { BlockDirectory } from "../../src/core/block_directory.ts";
import { Bodies } from "../../src/core/bodies.ts";
import { Chores } from "../../src/core/chores.ts";
import { Float64Column } from "../../src/core/columns.ts";
import { Due } from "../../src/core/due.ts";
import { Engine } from "../../src/core/engine.ts";
import { Graves } from "../../src/core/graves.ts";
import { RowHeap } from "../../src/core/heap.ts";
import { JobTable } from "../../src/core/jobs.ts";
import { Matching } from "../../src/core/matching.ts";
import { Places } from "../../src/core/places.ts";
import { Requeues } from "../../src/core/requeues.ts";
import { RowQueue } from "../../src/core/row_queue.ts";
import { Session } from "../../src/core/session.ts";
import { Slab } from "../../src/core/slabs.ts";
import { Tube } from "../../src/core/tube.ts";
import { Tubes } from "../../src/core/tubes.ts";
import { Waiters } from "../../src/core/waiters.ts";
import { YamlDocument } from "../../src/protocol/document.ts";
import { isHttpRequestLine } from "../../src/protocol/http_line.ts";
import { Parser } from "../../src/protocol/parser.ts";
import { RefusedPut } from "../../src/protocol/refused_put.ts";
import { Connection } from "../../src/server/connection.ts";
import { Input } from "../../src/server/input.ts";
import { LocalPeer } from "../../src/server/local_peer.ts";
import type { LocalTask } from "../../src/server/local_peer.ts";
import { Server } from "../../src/server/server.ts";
import { bug, hidden, ofLeases, rare } from "./plant.ts";
import type { Loose, PlantedBug } from "./plant.ts";
import { OF_JOURNAL } from "./planted_journal_bugs.ts";

/** The classes behind values that are not exported by name. */
const directory = new BlockDirectory(new Float64Column()) as unknown as { table: object };
const directoryTableClass = { prototype: Object.getPrototypeOf(directory.table) as object };

const OF_TIME: readonly PlantedBug[] = [
  bug("an alarm equal to the first one is lost", Alarms, "ringBy", function (original, item, instant) {
    if (instant !== this.soonest) original(item, instant);
  }),
  bug("what is left of a crowd that is due is forgotten", Alarms, "setAnew", function (original, item) {
    if (item.nextInstant <= item.alarmAt) this.remove(item);
    else original(item);
  }),
  bug(
    "a tube is matched before all that is due has moved",
    Due,
    "wakeTube",
    function (original, tube, now, atMost) {
      const moved = original(tube, now, atMost);
      this.matching.match(tube, now);
      return moved;
    },
  ),
  bug("an expired job is not counted", JobTable, "countTimeout", function () {}),
  bug("an expired job becomes ready without its waiters being told", Matching, "wake", function () {}),
  bug("the safety margin begins one tick late", Session, "isDeadlineSoon", function (_original, now) {
    return this.held.soonest - 1000 < now;
  }),
  bug("the safety margin is twice as long", Session, "isDeadlineSoon", function (_original, now) {
    return this.held.soonest - 2000 <= now;
  }),
  bug("TIMED_OUT comes a tick early", Session, "nextInstant", function (original) {
    return this.isWaiting && original() === this.waitUntil ? this.waitUntil - 0.25 : original();
  }),
  bug("time is applied after a chunk's commands, not before", Server, "beginTurn", function () {
    this.now = Math.max(this.now, this.clock.now());
    this.scheduleSettle();
    return this.now;
  }),
  bug("the timer is set a little too late", Server, "setTimer", function (original) {
    const { clock } = this;
    this.clock = { wakeAt: (instant: number, wake: () => void) => clock.wakeAt(instant + 0.25, wake) };
    original();
    this.clock = clock;
  }),
  bug("a touch leaves the deadline where it is", Engine, "touch", function (original, session, id, now) {
    const row = this.jobs.find(id);
    const former = row === 0 ? 0 : this.jobs.deadlineAt.get(row);
    original(session, id, now);
    if (row !== 0) this.jobs.deadlineAt.set(row, former);
  }),
];

const OF_MATCHING: readonly PlantedBug[] = [
  bug("the last to wait is served first", Waiters, "append", function (_original, watch) {
    if (watch.queued) return;
    watch.queued = true;
    watch.after = this.first;
    if (this.first === null) this.last = watch;
    else this.first.before = watch;
    this.first = watch;
    this.count++;
  }),
  bug("a pause does not hold waiters back", Tube, "canGrant", function () {
    return this.waiters.count > 0 && this.ready.length > 0;
  }),
  bug("a reserve overlooks the tube watched last", Matching, "bestFor", function (original, session) {
    const watches = session.watches;
    return watches.length < 2 ? original(session) : original({ watches: watches.slice(0, -1), index: null });
  }),
  rare(
    125,
    bug(
      "tubes are matched in the order in which they woke",
      Matching,
      "matchRace",
      function (_original, race, now) {
        for (const tube of race) this.match(tube, now);
      },
    ),
  ),
  bug("a half-closed session goes on waiting", Engine, "halfClose", function (_original, session) {
    session.isHalfClosed = true;
  }),
  bug("a tube is gone though jobs are reserved from it", Tube, "isIdle", function () {
    return this.usingCount === 0 && this.watchingCount === 0 && this.ready.length === 0 &&
      this.delayed.length === 0 &&
      this.buried.length === 0;
  }),
];

const OF_COMMANDS: readonly PlantedBug[] = [
  bug(
    "a release forgets its priority",
    Engine,
    "release",
    function (original, session, id, _pri, delay, now) {
      const row = this.jobs.find(id);
      return original(session, id, row === 0 ? 0 : this.jobs.pri.get(row), delay, now);
    },
  ),
  bug("a kick takes the job buried last", Places, "enterBuried", function (original, row) {
    original(row);
    const { buried } = this.tubeOf(row);
    buried.remove(row);
    buried.prepend(row);
  }),
  bug(
    "a job that comes out of order is put at the end of the run",
    RowQueue,
    "push",
    function (original, row) {
      if (this.run.length > 100) this.run.append(row);
      else original(row);
    },
  ),
  bug("a kick ends after one slice", Chores, "goOn", function (original, now) {
    const session = this.busy[0];
    if (session?.choreDone > 0) session.choreLeft = 0;
    return original(now);
  }),
  bug("a closed session keeps one of many jobs", Chores, "giveSomeBack", function (original, session, now) {
    if (session.held.length > 1) session.held.remove(session.held.first);
    return original(session, now);
  }),
  bug("a delete is not told to the journal", Engine, "delete", function (original, session, id) {
    const record = this.outbox.record;
    this.outbox.record = () => {};
    original(session, id);
    this.outbox.record = record;
  }),
  bug("a job taken by its number is buried or delayed again after a restart", Engine, "reserveJob", function (
    original,
    ...args
  ) {
    const record = this.outbox.record;
    this.outbox.record = () => {};
    original(...args);
    this.outbox.record = record;
  }),
  bug(
    "a job can be had while its body is still coming",
    Engine,
    "beginPut",
    function (original, session, bytes, now) {
      if (!original(session, bytes, now)) return false;
      const { jobs } = this;
      const row = jobs.add(session.draftId);
      jobs.pri.set(row, 0);
      jobs.ttr.set(row, 1);
      jobs.createdAt.set(row, now);
      jobs.body.set(row, session.draftBody);
      jobs.bodyBytes.set(row, session.draftBytes);
      jobs.tube.set(row, session.used.slot);
      this.places.enterReady(row);
      return true;
    },
  ),
];

const OF_TRUNCATES: readonly PlantedBug[] = [
  bug("a truncate leaves urgent jobs in the count", Graves, "exchange", function (original, tube, states) {
    const { urgent } = this.places.counters;
    const count = original(tube, states);
    this.places.counters.urgent = urgent;
    return count;
  }),
  bug("a truncate takes too few into account", Graves, "exchange", function (original, tube, states) {
    const { length } = tube.buried;
    const count = original(tube, states);
    return (states & 16) !== 0 && count > length ? count - length : count;
  }),
  bug("a truncated job can still be had by its id", JobTable, "isDead", function () {
    return false;
  }),
  bug("a job that comes after a truncate is taken for one before it", Places, "arrive", function (
    _original,
    row,
    state,
  ) {
    this.jobs.state.set(row, state);
    this.jobs.holder.set(row, 0);
  }),
  bug("a grave keeps the body of one of many jobs", Graves, "clear", function (original, row, tube) {
    if (row % 5 > 0) return original(row, tube);
    const { free } = this.places.bodies;
    this.places.bodies.free = () => {};
    original(row, tube);
    this.places.bodies.free = free;
  }),
  hidden(bug("a grave leaks rows", Graves, "clear", function (original, row, tube) {
    if (row % 5 > 0) original(row, tube);
  })),
  bug("the slot of a tube is given again while rows name it", Tubes, "freeSlot", function (_original, tube) {
    if (!tube.isGone) return;
    this.bySlot[tube.slot] = undefined;
    this.freeSlots.push(tube.slot);
  }),
  bug("a tube is deleted under who watches it", Graves, "deleteTube", function (original, session, tube) {
    const { watchingCount } = tube;
    tube.watchingCount = 0;
    original(session, tube);
    tube.watchingCount = watchingCount;
  }),
  bug("a requeued job is not given to who waits for it", Requeues, "requeue", function (original, ...args) {
    const { matching } = this;
    this.matching = { match: () => {} };
    original(...args);
    this.matching = matching;
  }),
  bug("draining cannot be switched off", Server, "drain", function (original) {
    original(true);
  }),
];

const OF_MEMORY: readonly PlantedBug[] = [
  hidden(
    bug(
      "a heap does not sift up after taking a job out of its middle",
      RowHeap,
      "remove",
      function (_original, row) {
        const position = this.jobs.place.get(row);
        const last = this.rows.pop();
        if (last !== row) this.siftDown(position, last);
      },
    ),
  ),
  bug(
    "the index loses the leaf behind a removed one",
    directoryTableClass,
    "removeAt",
    function (_original, slot) {
      this.slots[slot] = 0;
      this.count--;
    },
  ),
  bug("a body's cell is given out again while it is in use", Slab, "take", function (original) {
    const freed = this.freed;
    const offset = original();
    if (freed !== 0 && this.used > 3) this.freed = freed;
    return offset;
  }),
  hidden(bug("a body is freed twice", Places, "forget", function (original, row) {
    const address = this.jobs.body.get(row);
    const bytes = this.jobs.bodyBytes.get(row);
    original(row);
    if (bytes > 16) this.bodies.free(address, bytes);
  })),
  bug("the body of a refused put is not freed", Engine, "put", function (original, session, ...rest) {
    if (this.isDraining) session.draftBody = 0xffff_ffff;
    return original(session, ...rest);
  }),
  bug(
    "a large body loses a byte at the edge of a piece",
    Bodies,
    "write",
    function (original, address, bytes, at, source, from, to) {
      const isOverEdge = Math.floor(at / 262_144) < Math.floor((at + to - from) / 262_144);
      return original(address, bytes, at, source, from, isOverEdge ? to - 1 : to);
    },
  ),
];

const OF_CONNECTIONS: readonly PlantedBug[] = [
  bug("a body's end is not seen when it is cut in two", Parser, "hasTrailer", function (original) {
    return this.partTo - this.partFrom > 1 && original();
  }),
  bug("the body of a put line in the wrong form is run", RefusedPut, "bodyBytes", () => -1),
  bug(
    "a first line is taken for HTTP by its method alone",
    Parser,
    "isHttp",
    (_original, bytes, from, end) => {
      return isHttpRequestLine(bytes, from, end, true);
    },
  ),
  bug(
    "names are between quotes as the reference has them",
    YamlDocument,
    "nameText",
    function (original, name) {
      original(name, true);
    },
  ),
  bug("a connection is forgotten when its slow reader has read", Connection, "drained", function () {
    this.output.drained();
  }),
  rare(
    159,
    bug("commands are run whether their replies are read or not", Connection, "mustWait", function () {
      return this.session.isBlocked;
    }),
  ),
  bug("the first byte of kept input is lost", Input, "append", function (original, chunk, from, to) {
    original(chunk, this.length > 0 ? from + 1 : from, to);
  }),
  bug(
    "kept input is a view of the chunk that was lent",
    Input,
    "append",
    function (original, chunk, from, to) {
      original(chunk, from, to);
      if (this.length === to - from) {
        this.bytes = chunk;
        this.from = from;
        this.to = to;
      }
    },
  ),
];

/** Forgets the tasks of a peer that have run and are not told. */
function takeOver(peer: Loose): LocalTask[] {
  peer.tickets.length = 0;
  return peer.over.splice(0);
}

const OF_LOCAL_PEERS: readonly PlantedBug[] = [
  ofLeases(
    bug(
      "what a peer in this process is told does not wait for the journal",
      LocalPeer,
      "holdAnswer",
      () => {},
    ),
  ),
  ofLeases(
    bug("a peer that is closed is told that nothing was done", LocalPeer, "close", function (original) {
      for (const task of takeOver(this)) task.fail(false, false);
      original();
    }),
  ),
  ofLeases(bug("a peer that is closed is told at once", LocalPeer, "close", function (original) {
    for (const task of takeOver(this)) task.finish();
    original();
  })),
  ofLeases(bug("a peer that is closed is told nothing", LocalPeer, "send", function (original) {
    if (this.isClosed) takeOver(this);
    original();
  })),
  ofLeases(bug("a stop forgets peers that were closed before", Server, "allPeers", function () {
    return new Set(this.bySlot.filter((peer: unknown) => peer !== undefined));
  })),
];

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...OF_TIME,
  ...OF_MATCHING,
  ...OF_COMMANDS,
  ...OF_TRUNCATES,
  ...OF_MEMORY,
  ...OF_CONNECTIONS,
  ...OF_LOCAL_PEERS,
  ...OF_JOURNAL,
];
