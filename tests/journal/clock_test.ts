// The machine's clock is set back, set forward, and stands before 1970, between two starts and while a server runs. No age is
// negative, no delay has more left than its length, and with the state file none loses or gains anything while the clock is known.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { MemoryKvContent } from "../../src/adapters/memory/kv.ts";
import { DELAYED, READY } from "../../src/core/jobs.ts";
import { MOST_STEPS } from "../../src/journal/clock_steps.ts";
import { STATE_NAME } from "../../src/journal/state_file.ts";
import { YamlDocument } from "../../src/protocol/document.ts";
import { writeStatsJob } from "../../src/protocol/stats.ts";
import { openMemoryQueue } from "../kv/memory_queue.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import type { DrivenQueue } from "./driven_queue.ts";
import { LoggedQueue, T0 } from "./logged_queue.ts";
import { PlainFiles } from "./plain_files.ts";
import { text } from "./small_log.ts";

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const YEAR = 365 * DAY;
const STEPS: readonly (readonly [name: string, ms: number])[] = [
  ["half a second", 600],
  ["30 s", 30 * SECOND],
  ["3 days", 3 * DAY],
  ["20 years", 20 * YEAR],
  ["to before 1970", 60 * YEAR],
];
/** A server's own time is positive; see system_clock.ts. */
const EARLIEST = 1000;

/** The machine's clock by a queue's time, which goes on evenly. */
class Machine {
  wall = T0;
  /** The queue's time at a start now, and how it follows the machine's clock. */
  start(): { now: number; wallOffset: () => number } {
    const now = Math.max(EARLIEST, this.wall);
    this.queue = null;
    this.startedAt = now;
    return { now, wallOffset: () => this.wall - this.time };
  }
  queue: DrivenQueue | null = null;
  private startedAt = 0;

  private get time(): number {
    return this.queue?.now ?? this.startedAt;
  }

  /** Time goes by, for both. */
  pass(ms: number): void {
    this.wall += ms;
    this.queue!.now += ms;
    this.queue!.tick();
    this.commit();
  }

  commit(): void {
    const before = this.queue!.now;
    this.queue!.commit(); // goes on by a millisecond
    this.wall += this.queue!.now - before;
  }
}

function open(files: PlainFiles, machine: Machine): LoggedQueue {
  const queue = new LoggedQueue(files, { segmentBytes: 4096, ...machine.start() });
  machine.queue = queue;
  return queue;
}

/** The numbers of a job's statistics, which must be digits. */
function statsOf(queue: DrivenQueue, id: number): Record<string, number> {
  const document = new YamlDocument();
  const row = queue.engine.jobs.find(id);
  assert(row !== 0, `job ${id} is there`);
  writeStatsJob(document, queue.engine, row, queue.now);
  const lines = new TextDecoder().decode(document.bytes.subarray(0, document.length)).split("\n");
  const fields: Record<string, number> = {};
  for (const line of lines.slice(1, -1)) {
    const [key, value] = line.split(": ");
    if (key === "tube" || key === "state") continue;
    assert(/^\d{1,16}$/.test(value), `job ${id}: ${line}`);
    fields[key] = Number(value);
  }
  assert(fields["time-left"] <= Math.max(fields.delay, fields.ttr), `job ${id}: ${lines.join(" ")}`);
  return fields;
}

const [READY_JOB, SHORT, LONG, BURIED_JOB, HELD] = [1, 2, 3, 4, 5];

/** Jobs in every state, five minutes old when it returns. */
function fill(machine: Machine): void {
  const queue = machine.queue!;
  queue.put(text("ready"));
  queue.put(text("short"), 0, 4);
  queue.put(text("long"), 0, 1000);
  queue.put(text("buried"));
  queue.put(text("held"), 0, 0, 600);
  queue.reserve(BURIED_JOB);
  queue.bury(BURIED_JOB, 1);
  queue.reserve(HELD);
  machine.commit();
  machine.pass(300 * SECOND);
}

function near(actual: number, expected: number, what: string): void {
  assert(Math.abs(actual - expected) <= 2, `${what}: ${actual} is not near ${expected}`);
}

describe("the clock set back between two starts", () => {
  for (const [name, back] of STEPS) {
    for (const end of ["closed", "killed"] as const) {
      it(`by ${name}, ${end}`, () => {
        const files = new PlainFiles();
        const machine = new Machine();
        let queue = open(files, machine);
        fill(machine);
        if (end === "closed") queue.binlog.close();
        machine.wall -= back;
        queue = open(end === "closed" ? files : PlainFiles.holding(files.contents()), machine);
        const all = [READY_JOB, SHORT, LONG, BURIED_JOB, HELD].map((id) => statsOf(queue, id));
        if (end === "closed") {
          assert(Math.abs(queue.recovered.clockWentBackMs - back) < 5);
          for (const { age } of all) near(age, 300, "age");
          near(all[2]["time-left"], 700, "left");
          assertEquals(queue.engine.live.find(SHORT)!.state, READY);
        } else for (const { age } of all) assert(age <= 300, `age ${age}`);
        assert(all[2]["time-left"] >= 698, `no delay is cut short: ${all[2]["time-left"]}`);
        machine.pass(5 * SECOND);
        assertEquals(queue.engine.live.find(SHORT)!.state, READY, "a delay of 4 s is over after 5 s");
        machine.pass(1000 * SECOND);
        assertEquals(queue.engine.live.find(LONG)!.state, READY, "and one of 1000 s after 1000 s");
      });

      it(`by ${name}, ${end}, again and again: it does not grow`, () => {
        let files = new PlainFiles();
        const machine = new Machine();
        let queue = open(files, machine);
        fill(machine);
        for (let round = 1; round <= 5; round++) {
          if (end === "closed") queue.binlog.close();
          else files = PlainFiles.holding(files.contents());
          machine.wall -= back;
          queue = open(files, machine);
          machine.pass(100 * SECOND);
          for (const id of [READY_JOB, SHORT, LONG, BURIED_JOB, HELD]) statsOf(queue, id);
          if (end === "closed") {
            near(statsOf(queue, LONG)["time-left"], 700 - 100 * round, "left");
            near(statsOf(queue, READY_JOB).age, 300 + 100 * round, "age");
          }
        }
      });
    }

    it(`by ${name}, in a log of an older program, or without its state file`, () => {
      const files = new PlainFiles();
      const machine = new Machine();
      open(files, machine);
      fill(machine);
      const contents = files.contents();
      contents.delete(STATE_NAME);
      machine.wall -= back;
      const queue = open(PlainFiles.holding(contents), machine);
      for (const id of [READY_JOB, SHORT, LONG, BURIED_JOB, HELD]) {
        const { age, delay, "time-left": left } = statsOf(queue, id);
        assert(age <= 300 && left <= delay, `${id}: ${age} ${left}`);
      }
    });

    it(`by ${name}: what is truncated then stays away`, () => {
      const files = new PlainFiles();
      const machine = new Machine();
      let queue = open(files, machine);
      fill(machine);
      queue.binlog.close();
      machine.wall -= back;
      queue = open(files, machine);
      machine.pass(5 * SECOND);
      queue.truncate("default", 1 << READY);
      machine.commit();
      const left = queue.jobs;
      const again = open(PlainFiles.holding(files.contents()), machine);
      assertEquals(again.jobs, left);
      assertEquals(again.engine.live.find(LONG)!.state, DELAYED);
    });
  }
});

describe("the clock set forward between two starts", () => {
  for (const [name, ahead] of STEPS) {
    it(`by ${name}: looks like time that went by`, () => {
      const files = new PlainFiles();
      const machine = new Machine();
      let queue = open(files, machine);
      fill(machine);
      queue.binlog.close();
      machine.wall += ahead;
      queue = open(files, machine);
      near(statsOf(queue, READY_JOB).age, 300 + ahead / SECOND, "age");
      for (const id of [SHORT, LONG, BURIED_JOB, HELD]) statsOf(queue, id);
    });
  }
});

describe("the clock stepped while a server runs", () => {
  for (const [name, ms] of STEPS) {
    for (const step of [ms, -ms]) {
      for (const end of ["closed", "killed"] as const) {
        it(`${step > 0 ? "forward" : "back"} by ${name}, ${end}: a restart finds what it showed`, () => {
          const files = new PlainFiles();
          const machine = new Machine();
          machine.wall -= step; // wrong first, right after the step, as when NTP comes late
          let queue = open(files, machine);
          fill(machine);
          machine.wall += step;
          machine.commit();
          queue.put(text("after"), 0, 500);
          machine.pass(100 * SECOND);
          const record = createdInLog(files, 6);
          assert(
            Math.abs(record - (machine.wall - 100 * SECOND)) < 700,
            "stamped with the wall clock of its write",
          );
          if (end === "closed") queue.binlog.close();
          machine.wall += 50 * SECOND;
          queue = open(end === "closed" ? files : PlainFiles.holding(files.contents()), machine);
          near(statsOf(queue, READY_JOB).age, 450, "age of one put before");
          near(statsOf(queue, LONG)["time-left"], 550, "left of one put before");
          near(statsOf(queue, 6).age, 150, "age of one put after");
          near(statsOf(queue, 6)["time-left"], 350, "left of one put after");
          assertEquals(queue.recovered.clockWentBackMs, 0);
        });
      }
    }
  }

  it("many times, more than are remembered", () => {
    const random = new Random(freshSeed("steps of the clock"));
    let files = new PlainFiles();
    const machine = new Machine();
    let queue = open(files, machine);
    fill(machine);
    let left = 700;
    for (let step = 0; step < 2 * MOST_STEPS; step++) {
      machine.wall += (random.below(2) * 2 - 1) * (SECOND + random.below(YEAR));
      machine.pass(SECOND);
      left--;
      if (step < MOST_STEPS - 2 && step % 7 === 6) {
        files = PlainFiles.holding(files.contents());
        queue = open(files, machine);
        near(statsOf(queue, LONG)["time-left"], left, `left after ${step} steps`);
      }
    }
    queue = open(PlainFiles.holding(files.contents()), machine);
    for (const id of [READY_JOB, SHORT, LONG, BURIED_JOB, HELD]) statsOf(queue, id);
  });

  it("and the file state is gone: everything is in range", () => {
    for (const [, step] of STEPS) {
      const files = new PlainFiles();
      const machine = new Machine();
      machine.wall -= step;
      open(files, machine);
      fill(machine);
      machine.wall += 2 * step;
      machine.pass(SECOND);
      machine.wall -= step;
      const contents = files.contents();
      contents.delete(STATE_NAME);
      const queue = open(PlainFiles.holding(contents), machine);
      for (const id of [READY_JOB, SHORT, LONG, BURIED_JOB, HELD]) statsOf(queue, id);
    }
  });
});

describe("a key-value store and the clock", () => {
  for (const [name, ms] of STEPS) {
    it(`set back by ${name}: everything is in range, and what is truncated then stays away`, async () => {
      const content = new MemoryKvContent();
      const machine = new Machine();
      const openKv = async (): Promise<DrivenQueue> => {
        const { queue } = await openMemoryQueue(content, machine.start());
        machine.queue = queue;
        return queue;
      };
      let queue = await openKv();
      for (const delay of [0, 4, 1000]) queue.put(text(`${delay}`), 0, delay);
      await queue.settle();
      await queue.journal.finish!();
      queue.journal.close();
      machine.wall -= ms;
      queue = await openKv();
      for (const id of [1, 2, 3]) statsOf(queue, id);
      queue.now += 5 * SECOND;
      machine.wall += 5 * SECOND;
      queue.tick();
      assertEquals(queue.engine.live.find(2)!.state, READY);
      queue.truncate("default", 1 << READY);
      await queue.settle();
      await queue.journal.finish!();
      queue.journal.close();
      queue = await openKv();
      assertEquals([queue.jobs, queue.engine.live.find(3)!.state], [1, DELAYED]);
      statsOf(queue, 3);
    });
  }
});

/** When a job was put, as its record says. */
function createdInLog(files: PlainFiles, id: number): number {
  for (const [name, bytes] of files.contents()) {
    if (!name.startsWith("segment.")) continue;
    const view = new DataView(bytes.buffer);
    for (let at = 128; at + 64 <= bytes.length; at++) {
      if (bytes[at] === 1 && bytes[at + 3] === 0 && view.getFloat64(at + 8, true) === id) {
        return view.getFloat64(at + 16, true);
      }
    }
  }
  throw new Error(`no record of job ${id}`);
}
