// Lists of jobs against a plain sort, with pages of any size and changes between them; scans of the whole table.
import { describe, it } from "node:test";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED, READY, RESERVED } from "../../src/core/jobs.ts";
import type { JobState } from "../../src/core/jobs.ts";
import { PAGE_ROWS, VISITS_PER_LOOK } from "../../src/core/limits.ts";
import { cursorText, readCursor } from "../../src/core/list_cursor.ts";
import type { ListCursor } from "../../src/core/list_cursor.ts";
import type { Session } from "../../src/core/session.ts";
import type { Tube } from "../../src/core/tube.ts";
import { Random } from "../support/random.ts";

const BODY = new Uint8Array([13, 10]);
const STATES: readonly JobState[] = [READY, DELAYED, RESERVED, BURIED];

/** An engine with a few sessions, and every job's state changed at random. */
class Farm {
  readonly engine: Engine = new Engine();
  readonly sessions: Session[] = Array.from({ length: 5 }, () => this.engine.open());
  /** Ids of jobs that were put and not deleted by this farm. */
  readonly ids = new Set<number>();
  now = 1_700_000_000_000.25;
  private readonly random: Random;
  private readonly priorities: number;

  /** `priorities`: how many different ones there are; with one, all jobs come in order. */
  constructor(random: Random, priorities: number) {
    this.random = random;
    this.priorities = priorities;
  }

  get tube(): Tube {
    return this.engine.inside.home;
  }

  put(
    session: Session = this.sessions[0],
    pri: number = this.random.below(this.priorities),
    delay: number = 0,
  ): void {
    const { engine } = this;
    assert(engine.beginPut(session, 0, this.now));
    engine.fillPut(session, BODY, 0, 2);
    this.ids.add(session.draftId);
    engine.put(session, pri, delay, 1000, this.now);
    engine.outbox.clear();
  }

  step(): void {
    const { engine, random } = this;
    const session = random.pick(this.sessions);
    const id = 1 + random.below(engine.inside.nextId);
    this.now += random.chance(0.3) ? random.next() : 0;
    switch (random.below(9)) {
      case 0:
      case 1:
        this.put(
          session,
          random.below(this.priorities),
          random.chance(0.4) ? 100 + random.below(this.priorities) : 0,
        );
        break;
      case 2:
        engine.reserveWithTimeout(session, 0, this.now);
        break;
      case 3:
        engine.reserveJob(session, id, this.now);
        break;
      case 4:
        engine.release(session, id, random.below(this.priorities), random.chance(0.5) ? 200 : 0, this.now);
        break;
      case 5:
        engine.bury(session, id, random.below(this.priorities));
        break;
      case 6:
        engine.touch(session, id, this.now);
        break;
      case 7:
        if (random.chance(0.3)) this.delete(session, id);
        break;
      default:
        if (random.chance(0.02)) this.truncate(session, 1 << random.pick([READY, DELAYED, BURIED]));
        if (random.chance(0.2)) engine.work(this.now);
    }
    engine.outbox.clear();
  }

  truncate(session: Session, states: number): void {
    const { name } = this.tube;
    this.engine.truncate(session, name, 0, name.length, states);
    this.engine.outbox.clear();
    for (const id of this.ids) if (this.engine.jobs.find(id) === 0) this.ids.delete(id);
  }

  delete(session: Session, id: number): void {
    const { engine } = this;
    engine.delete(session, id);
    engine.outbox.clear();
    if (engine.jobs.find(id) === 0) this.ids.delete(id);
  }

  /** Ids in the order in which a list must have them. */
  expected(state: JobState, tube: Tube = this.tube): number[] {
    const { inspection, inside, jobs } = this.engine;
    const rows = [...this.ids].map((id) => jobs.find(id));
    const keys = rows.filter((row) => jobs.state.get(row) === state && inside.tubeOf(row) === tube)
      .map((row) => inspection.cursorOf(row));
    return keys.sort((a, b) => a.holder - b.holder || a.key - b.key || a.id - b.id).map(({ id }) => id);
  }

  /** All pages of a list; `between` is called after each. */
  list(
    state: JobState,
    limit: () => number,
    between: () => void = () => {},
    tube: Tube = this.tube,
  ): number[] {
    const { inspection, jobs } = this.engine;
    const ids: number[] = [];
    let after: ListCursor | null = null;
    do {
      const page = inspection.listJobs(tube, state, after, limit());
      assert(!page.isCut, "no page is cut");
      ids.push(...page.rows.map((row) => jobs.id.get(row)));
      after = page.next === null ? null : readCursor(cursorText(page.next));
      between();
    } while (after !== null);
    return ids;
  }
}

describe("lists of jobs", () => {
  for (const priorities of [1, 3, 1000]) {
    it(`have the order in which jobs come next, with ${priorities} priorities`, () => {
      const random = new Random(priorities);
      for (let round = 0; round < 12; round++) {
        const farm = new Farm(random, priorities);
        for (let steps = random.below(1200); steps > 0; steps--) farm.step();
        for (const state of STATES) {
          const expected = farm.expected(state);
          assertEquals(farm.list(state, () => 1 + random.below(9)), expected);
          assertEquals(farm.list(state, () => 1000), expected);
        }
      }
    });
  }

  it("have each job that stays exactly once, whatever happens between the pages", () => {
    const random = new Random(77);
    for (let round = 0; round < 40; round++) {
      const farm = new Farm(random, round % 2 === 0 ? 1 : 50);
      for (let steps = 600; steps > 0; steps--) farm.step();
      const state = STATES[round % 4];
      const moved = new Set<number>();
      const keyOf = (id: number): string => {
        const row = farm.engine.jobs.find(id);
        return row === 0
          ? "gone"
          : `${farm.engine.jobs.state.get(row)} ${cursorText(farm.engine.inspection.cursorOf(row))}`;
      };
      const before = new Map(farm.expected(state).map((id) => [id, keyOf(id)]));
      const listed = farm.list(state, () => 1 + random.below(12), () => {
        for (let steps = 10; steps > 0; steps--) farm.step();
        for (const [id, key] of before) if (keyOf(id) !== key) moved.add(id);
      });
      const stayed = [...before.keys()].filter((id) => !moved.has(id));
      assertEquals(listed.filter((id) => !moved.has(id) && before.has(id)), stayed);
    }
  });

  it("go on in a long run at once, also when the cursor's job is gone", () => {
    const farm = new Farm(new Random(5), 1);
    for (let i = 0; i < 60_000; i++) farm.put();
    const { inspection, jobs } = farm.engine;
    let after: ListCursor = { holder: 0, key: 0, id: 50_000 };
    assertEquals(jobs.id.get(inspection.listJobs(farm.tube, READY, after, 1).rows[0]), 50_001);
    for (let id = 49_990; id < 50_010; id++) farm.delete(farm.sessions[0], id);
    const page = inspection.listJobs(farm.tube, READY, after, 2);
    assertEquals(page.rows.map((row) => jobs.id.get(row)), [50_010, 50_011]);
    after = { holder: 0, key: 0, id: 60_000 };
    assertEquals(inspection.listJobs(farm.tube, READY, after, 2), { rows: [], next: null, isCut: false });
  });

  it("are cut where too many jobs lie before the page, and visit no more than they may", () => {
    const farm = new Farm(new Random(6), 1_000_000);
    for (let i = 0; i < 2 * VISITS_PER_LOOK; i++) farm.put();
    const { engine, tube } = farm;
    const first = engine.inspection.listJobs(tube, READY, null, 1000);
    assertEquals([first.rows.length, first.isCut], [1000, false]);
    const get = engine.jobs.pri.get.bind(engine.jobs.pri);
    let reads = 0;
    engine.jobs.pri.get = (row) => (reads++, get(row));
    const deep = { holder: 0, key: 1_000_000, id: 0 };
    assertEquals(engine.inspection.listJobs(tube, READY, deep, 10), { rows: [], next: null, isCut: true });
    assertLessOrEqual(reads, 3 * VISITS_PER_LOOK);
  });

  it("find the reserved jobs of one tube among many sessions, a bounded number a call", () => {
    const farm = new Farm(new Random(7), 1);
    const { engine, now } = farm;
    const name = new TextEncoder().encode("rare");
    const producer = farm.sessions[0];
    const holders: number[] = [];
    for (let i = 0; i < 2 * VISITS_PER_LOOK + 10; i++) {
      const session = engine.open();
      if (i % 10_000 === 9) {
        engine.use(producer, name, 0, name.length);
        farm.put(producer);
        engine.reserveJob(session, engine.inside.nextId - 1, now);
        holders.push(engine.inside.nextId - 1);
      }
      engine.outbox.clear();
    }
    assertEquals(farm.list(RESERVED, () => 10, () => {}, producer.used), holders);
    const page = engine.inspection.heldBy(engine.inside.holderOf(engine.jobs.find(holders[0])), null, 5);
    assertEquals(page.rows.map((row) => engine.jobs.id.get(row)), [holders[0]]);
  });
});

describe("a cursor", () => {
  it("survives as text, and nothing else is one", () => {
    const cursor = { holder: 12, key: 1_795_262_400_000.123, id: 2 ** 53 - 1 };
    assertEquals(readCursor(cursorText(cursor)), cursor);
    for (const text of ["", "1", "1:2", "1:2:3:4", "-1:2:3", "1:2:3 ", "a:b:c", "1:1e3:2", "1:.5:2"]) {
      assertEquals(readCursor(text), null, text);
    }
  });
});

describe("the oldest ready job", () => {
  it("is the one that was put first, when all are looked at", () => {
    const random = new Random(8);
    const farm = new Farm(random, 5);
    assertEquals(farm.engine.inspection.oldestReady(farm.tube), { row: 0, isExact: true });
    for (let steps = 0; steps < 3000; steps++) farm.step();
    const { jobs, inspection } = farm.engine;
    const { row, isExact } = inspection.oldestReady(farm.tube, Infinity);
    const first = Math.min(...farm.expected(READY).map((id) => jobs.createdAt.get(jobs.find(id))));
    assertEquals([jobs.createdAt.get(row), isExact], [first, true]);
    for (let i = 0; i < 10; i++) farm.put();
    assertEquals(inspection.oldestReady(farm.tube, 3).isExact, false);
  });

  it("is exact at one look when all have one priority", () => {
    const farm = new Farm(new Random(9), 1);
    for (let i = 0; i < 100; i++) farm.put();
    const { row, isExact } = farm.engine.inspection.oldestReady(farm.tube, 1);
    assertEquals([farm.engine.jobs.id.get(row), isExact], [1, true]);
  });
});

describe("a scan of all jobs", () => {
  it("does not meet what was truncated, though its rows are still there", () => {
    const farm = new Farm(new Random(11), 3);
    for (let i = 0; i < 2000; i++) farm.put();
    farm.truncate(farm.sessions[0], 1 << READY);
    for (let i = 0; i < 10; i++) farm.put();
    const seen: number[] = [];
    const { inspection, jobs } = farm.engine;
    assertEquals(inspection.scanRows(0, 5000, (row) => seen.push(jobs.id.get(row))), 0);
    assertEquals(seen.sort((a, b) => a - b), [...farm.ids]);
  });

  it("meets each job that lives throughout exactly once, and visits no more rows than it may", () => {
    const random = new Random(10);
    const farm = new Farm(random, 3);
    for (let i = 0; i < 3 * PAGE_ROWS; i++) farm.put();
    const lasting = new Set([...farm.ids].filter((id) => id % 7 === 0));
    const seen: number[] = [];
    const { inspection, jobs } = farm.engine;
    for (let from = 0, isFirst = true; isFirst || from !== 0; isFirst = false) {
      let visits = 0;
      from = inspection.scanRows(from, 500, (row) => {
        visits++;
        seen.push(jobs.id.get(row));
      });
      assert(visits <= 500);
      for (let i = 0; i < 300; i++) {
        const id = 1 + random.below(farm.engine.inside.nextId);
        if (!lasting.has(id)) farm.delete(farm.sessions[0], id);
        if (random.chance(0.5)) farm.put();
      }
    }
    assertEquals(seen.filter((id) => lasting.has(id)).sort((a, b) => a - b), [...lasting]);
    assertEquals(new Set(seen).size, seen.length);
  });
});
