// A queue with a clock of its own and an observation of it: commands as a test writes them, each followed by what the server does.
import { assert } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import type { Session } from "../../src/core/session.ts";
import type { Tube } from "../../src/core/tube.ts";
import { Observation, type ObservationOptions } from "../../src/observe/observation.ts";

const BODY = new Uint8Array([13, 10]);
const encoder = new TextEncoder();

export class QueueUnderObservation {
  readonly engine: Engine = new Engine();
  readonly session: Session = this.engine.open();
  now = 1_700_000_000_000;
  readonly observation: Observation;

  constructor(options: ObservationOptions = {}) {
    this.observation = new Observation(this.engine, this.now, options);
    this.engine.outbox.isObserved = true;
  }

  /** What a server does after each call. */
  deliver(): void {
    const { outbox } = this.engine;
    this.observation.happened(outbox, this.now);
    this.observation.settle();
    outbox.clear();
  }

  tube(name: string): Tube {
    const bytes = encoder.encode(name);
    return this.engine.tubes.find(bytes, 0, bytes.length)!;
  }

  use(name: string): void {
    const bytes = encoder.encode(name);
    this.engine.use(this.session, bytes, 0, bytes.length);
    this.engine.watch(this.session, bytes, 0, bytes.length);
    this.deliver();
  }

  /** Answers the id. */
  put(pri = 0, delay = 0, ttr = 60): number {
    const { engine, session } = this;
    assert(engine.beginPut(session, 0, this.now));
    const id = session.draftId;
    engine.fillPut(session, BODY, 0, 2);
    engine.put(session, pri, delay, ttr, this.now);
    this.deliver();
    return id;
  }

  /** Answers the id, or 0. */
  reserve(session: Session = this.session): number {
    this.engine.reserveWithTimeout(session, 0, this.now);
    const row = this.engine.outbox.number(0);
    const id = row === 0 ? 0 : this.engine.jobs.id.get(row);
    this.deliver();
    return id;
  }

  do(command: (engine: Engine, session: Session, now: number) => void): void {
    command(this.engine, this.session, this.now);
    this.deliver();
  }

  /** Time goes on, and what is due happens. */
  pass(ms: number): void {
    this.now += ms;
    while (this.engine.nextDeadline <= this.now) this.do((engine) => engine.tick(this.now));
  }

  /** Seconds go by, with a beat each. */
  beats(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.pass(1000);
      this.observation.beat(this.now);
    }
  }
}
