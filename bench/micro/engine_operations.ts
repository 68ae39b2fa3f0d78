// What does each command cost in the engine, without bytes on a wire, sockets or replies?
import { copyLong } from "../../src/runtime/runtime.ts";
import { Engine } from "../../src/core/engine.ts";
import type { Session } from "../../src/core/session.ts";
import { BENCH_NOW, type Operation, type OperationGroup } from "./operation.ts";

const STRETCH = 2000;
const KICK_BOUND = 100;
const SHORT_BODY: Uint8Array = new TextEncoder().encode("0123456789\r\n");
const LONGER_BODY: Uint8Array = new TextEncoder().encode(`${"0123456789".repeat(10)}\r\n`);
const TTR_SECONDS = 600;
const DELAY_SECONDS = 3600;
const PRIORITIES = 1000;

/** A queue in which `backlog` jobs stay ready, and a session that always holds one job. */
class EngineStretches {
  readonly engine: Engine = new Engine({ copyLong: copyLong() });
  private readonly session: Session;
  private readonly priorities: number;
  /** The jobs that the present stretch is about. */
  private readonly ids = new Float64Array(STRETCH);
  private newestId = 0;
  private now = BENCH_NOW;

  constructor(backlog: number, priorities: number) {
    this.priorities = priorities;
    this.session = this.engine.open();
    this.put(1, this.now);
    this.reserve(1, this.now);
    for (let i = 0; i < backlog; i++) this.put(1, this.now);
  }

  /** Every command that a producer or a worker sends. */
  operations(): Operation[] {
    return [
      this.of("put", (count, now) => this.put(count, now), "none", "ready"),
      this.of("put, 100 B", (count, now) => this.put(count, now, LONGER_BODY), "none", "ready"),
      this.of("reserve", (count, now) => this.reserve(count, now), "ready", "reserved"),
      this.of("release", (count, now) => this.release(count, 0, now), "reserved", "ready"),
      this.of("delete a reserved job", (count) => this.delete(count), "reserved", "none"),
      this.of("delete a ready job", (count) => this.delete(count), "ready", "none"),
      this.of("touch", (count, now) => this.touch(count, now), "reserved", "reserved"),
      this.of("bury", (count) => this.bury(count), "reserved", "buried"),
      this.of("kick-job", (count, now) => this.kickJobs(count, now), "buried", "ready"),
      this.of(`kick ${KICK_BOUND}, a job`, (count, now) => this.kick(count, now), "buried", "ready"),
      this.of(
        "release with a delay",
        (count, now) => this.release(count, DELAY_SECONDS, now),
        "reserved",
        "delayed",
      ),
      this.of("peek", (count) => this.peek(count), "ready", "ready"),
    ];
  }

  // The session's time stands still within a stretch and moves on between stretches, as in a turn of the server.
  private of(name: string, run: (count: number, now: number) => void, from: Place, to: Place): Operation {
    return {
      name,
      count: STRETCH,
      before: () => this.bring(from),
      run: () => run(STRETCH, this.now += 0.37),
      after: () => this.clear(to),
    };
  }

  private bring(place: Place): void {
    if (place === "none") return;
    this.put(STRETCH, this.now);
    if (place === "ready") return;
    this.reserve(STRETCH, this.now);
    if (place === "buried") this.bury(STRETCH);
  }

  private clear(place: Place): void {
    if (place !== "none") this.delete(STRETCH);
  }

  private put(count: number, now: number, body: Uint8Array = SHORT_BODY): void {
    const { engine, session, priorities } = this;
    for (let i = 0; i < count; i++) {
      if (!engine.beginPut(session, body.length - 2, now)) throw new Error("no room for a job");
      engine.fillPut(session, body, 0, body.length);
      engine.put(
        session,
        priorities === 1 ? 1024 : (++this.newestId * 7919) % priorities,
        0,
        TTR_SECONDS,
        now,
      );
      // The number of INSERTED is the id.
      this.ids[i] = engine.outbox.number(0);
      engine.outbox.clear();
    }
  }

  private reserve(count: number, now: number): void {
    const { engine, session } = this;
    for (let i = 0; i < count; i++) {
      engine.reserveWithTimeout(session, 0, now);
      this.ids[i] = engine.jobs.id.get(engine.outbox.number(0));
      engine.outbox.clear();
    }
  }

  private release(count: number, delay: number, now: number): void {
    const { engine, session, ids } = this;
    for (let i = 0; i < count; i++) {
      engine.release(session, ids[i], 1024, delay, now);
      engine.outbox.clear();
    }
  }

  private delete(count: number): void {
    const { engine, session, ids } = this;
    for (let i = 0; i < count; i++) {
      engine.delete(session, ids[i]);
      engine.outbox.clear();
    }
  }

  private touch(count: number, now: number): void {
    const { engine, session, ids } = this;
    for (let i = 0; i < count; i++) {
      engine.touch(session, ids[i], now);
      engine.outbox.clear();
    }
  }

  private bury(count: number): void {
    const { engine, session, ids } = this;
    for (let i = 0; i < count; i++) {
      engine.bury(session, ids[i], 1024);
      engine.outbox.clear();
    }
  }

  private kickJobs(count: number, now: number): void {
    const { engine, session, ids } = this;
    for (let i = 0; i < count; i++) {
      engine.kickJob(session, ids[i], now);
      engine.outbox.clear();
    }
  }

  private kick(count: number, now: number): void {
    const { engine, session } = this;
    for (let i = 0; i < count; i += KICK_BOUND) {
      engine.kick(session, KICK_BOUND, now);
      engine.outbox.clear();
    }
  }

  private peek(count: number): void {
    const { engine, session, ids } = this;
    for (let i = 0; i < count; i++) {
      engine.peek(session, ids[i]);
      engine.outbox.clear();
    }
  }
}

type Place = "none" | "ready" | "reserved" | "buried" | "delayed";

/** The engine's operations with so many jobs ready all the time, of so many priorities. */
export function engineOperations(backlog: number, priorities: number = 1): readonly Operation[] {
  return new EngineStretches(backlog, priorities).operations();
}

/** The engine with few and with many jobs. */
export function engineGroups(): OperationGroup[] {
  return [
    { name: "engine, 1000 jobs ready", operations: engineOperations(1000) },
    {
      name: "engine, 1000000 jobs ready, a thousand priorities",
      operations: engineOperations(1_000_000, PRIORITIES),
    },
  ];
}
