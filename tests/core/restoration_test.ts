import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED, READY } from "../../src/core/jobs.ts";
import type { LiveJob } from "../../src/core/live_jobs.ts";
import type { RestoredJob } from "../../src/core/restoration.ts";
import { RESERVED_JOB } from "../../src/core/outbox.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const TUBES = { mail: bytes("mail"), default: bytes("default") };

function job(id: number, changes: Partial<RestoredJob> = {}): RestoredJob {
  return {
    id,
    tube: TUBES.mail,
    state: READY,
    pri: 7,
    delay: 0,
    ttr: 60,
    createdAt: 500,
    mark: 0,
    reserves: 0,
    timeouts: 0,
    releases: 0,
    buries: 0,
    kicks: 0,
    file: 1,
    ...changes,
  };
}

function bodyOf(job: LiveJob): string {
  let text = "";
  job.readBody({
    copy: (source, from, to) => (text += new TextDecoder().decode(source.subarray(from, to))),
    keep: (piece, length) => (text += new TextDecoder().decode(piece.subarray(0, length))),
  });
  return text;
}

describe("Restoration", () => {
  it("gives each job its place, its fields and its body, and goes on with the ids", () => {
    const engine = new Engine();
    const restoration = engine.restore();
    const source = bytes("..one\r\ntwo\r\n");
    restoration.put(job(3, { pri: 9, reserves: 2, kicks: 1, file: 4 }), source, 2, 7);
    restoration.put(job(4, { state: DELAYED, mark: 9000, delay: 8 }), source, 7, 12);
    restoration.put(job(5, { state: DELAYED, mark: 1000, delay: 1 }), source, 7, 12);
    restoration.put(job(6, { tube: TUBES.default }), source, 7, 12);
    restoration.finish(90, 2000);
    const live = engine.live.find(3)!;
    assertEquals(
      [live.pri, live.reserves, live.kicks, live.file, live.createdAt, bodyOf(live)],
      [9, 2, 1, 4, 500, "one\r\n"],
    );
    assertEquals([4, 5, 6].map((id) => engine.live.find(id)!.state), [DELAYED, READY, READY]);
    assertEquals(engine.nextDeadline, 9000);
    assertEquals(engine.live.nextId, 90);
    assertEquals([engine.counters.ready, engine.counters.delayed, engine.counters.totalJobs], [3, 1, 0]);
    const session = engine.open();
    engine.reserve(session, 2000);
    assertEquals([engine.outbox.kind(0), engine.jobs.id.get(engine.outbox.number(0))], [RESERVED_JOB, 6]);
  });

  it("applies changes and deletions in their order, and forgets tubes that ran empty", () => {
    const engine = new Engine();
    const restoration = engine.restore();
    const body = bytes("x\r\n");
    restoration.change(job(1, { pri: 1 })); // of a job that is not there any more
    restoration.put(job(2), body, 0, 3);
    restoration.change(job(2, { pri: 3, state: BURIED, mark: 1, buries: 1, tube: TUBES.default }));
    restoration.put(job(7, { tube: TUBES.default }), body, 0, 3);
    restoration.gone(2);
    restoration.gone(2);
    restoration.finish(8, 0);
    assertEquals(engine.jobs.count, 1);
    assertEquals(engine.tubes.list.length, 1);
    assertEquals(engine.live.find(2), null);
  });

  it("keeps a job that was written again, with its last state and file", () => {
    const engine = new Engine();
    const restoration = engine.restore();
    restoration.put(job(1), bytes("x\r\n"), 0, 3);
    restoration.put(job(1, { pri: 2, file: 5, releases: 4 }), bytes("x\r\n"), 0, 3);
    restoration.finish(2, 0);
    const live = engine.live.find(1)!;
    assertEquals([live.pri, live.file, live.releases, engine.jobs.count], [2, 5, 4, 1]);
  });

  it("brings buried jobs back in the order of burial, and later burials behind them", () => {
    const engine = new Engine();
    const restoration = engine.restore();
    const marks = [30, 10, 20];
    marks.forEach((mark, i) => restoration.put(job(i + 1, { state: BURIED, mark }), bytes("x\r\n"), 0, 3));
    restoration.put(job(4), bytes("x\r\n"), 0, 3);
    restoration.finish(5, 0);
    const session = engine.open();
    engine.reserveJob(session, 4, 0);
    engine.outbox.clear();
    engine.bury(session, 4, 0);
    assertEquals([2, 3, 1, 4].map((id) => engine.live.find(id)!.mark), [10, 20, 30, 31]);
    const order: number[] = [];
    const { buried } = engine.tubes.list[1];
    for (let row = buried.first; row !== 0; row = buried.after(row)) {
      order.push(engine.jobs.id.get(row));
    }
    assertEquals(order, [2, 3, 1, 4]);
  });

  it("is refused once the queue runs", () => {
    const engine = new Engine();
    engine.open();
    assertThrows(() => engine.restore());
  });

  const NOW = 1_700_000_000_000;
  const INSTANTS = [NaN, Infinity, -Infinity, 1e300, -1e300, -1, 0, NOW + 1, NOW + 3 * 86_400_000, 2 ** 53];
  for (const instant of INSTANTS) {
    it(`brings an instant of ${instant} into range`, () => {
      for (const shift of [0, 1e12, -1e12]) {
        const engine = new Engine();
        const restoration = engine.restore();
        const source = bytes("x\r\n");
        restoration.put(job(1, { createdAt: instant }), source, 0, 3);
        restoration.put(
          job(2, { createdAt: instant, state: DELAYED, mark: instant, delay: 4 }),
          source,
          0,
          3,
        );
        restoration.put(job(3, { createdAt: instant, state: BURIED, mark: 1 }), source, 0, 3);
        restoration.put(job(4, { state: DELAYED, mark: instant, delay: 0 }), source, 0, 3);
        restoration.finish(5, NOW, undefined, shift);
        for (const id of [1, 2, 3, 4]) {
          const { createdAt } = engine.live.find(id)!;
          assert(createdAt <= NOW, `${id}: ${createdAt}`);
          assert(!Number.isNaN(Date.parse(new Date(createdAt).toISOString())), `${id}: ${createdAt}`);
        }
        const { state, mark } = engine.live.find(2)!;
        assert(state === READY || (mark > NOW && mark <= NOW + 4000), `${state} ${mark}`);
        assert(engine.nextDeadline === Infinity || engine.nextDeadline <= NOW + 4_294_967_295_000);
      }
    });
  }

  it("leaves instants to those who only look", () => {
    const engine = new Engine();
    const restoration = engine.restore();
    restoration.put(job(1, { createdAt: 9e15, state: DELAYED, mark: 9e15, delay: 1 }), bytes("x\r\n"), 0, 3);
    restoration.finish(2, -Infinity);
    assertEquals([engine.live.find(1)!.createdAt, engine.live.find(1)!.mark], [9e15, 9e15]);
  });
});
