// What does a job's way through the engine cost, without bytes, sockets or replies: put, reserve, delete?
import { bench, group } from "mitata";
import { Engine } from "../../src/core/engine.ts";
import type { Session } from "../../src/core/session.ts";

const BACKLOGS: readonly number[] = [0, 1000, 1_000_000];
const BODY: Uint8Array = new TextEncoder().encode("0123456789\r\n");
const TTR_SECONDS = 600;
const PRIORITIES = 1000;

/** Registers the engine's benches. */
export function engineBenches(): void {
  for (const backlog of BACKLOGS) {
    group(`engine, ${backlog} jobs ready`, () => {
      bench("put + reserve + delete, one priority", cycle(backlog, () => 1024));
      bench("put + reserve + delete, a thousand priorities", cycle(backlog, (i) => (i * 7919) % PRIORITIES));
    });
  }
}

function cycle(backlog: number, priority: (i: number) => number): () => number {
  const engine = new Engine();
  const session = engine.open();
  let now = 0;
  for (let i = 0; i < backlog; i++) putJob(engine, session, priority(i), now);
  return () => {
    now++;
    putJob(engine, session, priority(now), now);
    engine.reserveWithTimeout(session, 0, now);
    const id = engine.jobs.id.get(engine.outbox.number(0));
    engine.outbox.clear();
    engine.delete(session, id);
    engine.outbox.clear();
    return id;
  };
}

function putJob(engine: Engine, session: Session, priority: number, now: number): void {
  if (!engine.beginPut(session, BODY.length - 2, now)) throw new Error("no room for a job");
  engine.fillPut(session, BODY, 0, BODY.length);
  engine.put(session, priority, 0, TTR_SECONDS, now);
  engine.outbox.clear();
}
