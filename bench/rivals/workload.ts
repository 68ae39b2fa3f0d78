// The work all queues are given: bodies with a number in them are put, taken, handled by a handler that does nothing, and
// finished. One clock measures each job from the call that puts it to the moment its worker knows it is done.
import { Histogram } from "../support/histogram.ts";
import type { Queue } from "./queue.ts";

/** What a producer puts at once when it has plenty: the batch of BullMQ's own benchmark. */
const BATCH = 50;
/** Jobs put and not finished at full speed, at most. */
const MOST_UNFINISHED = 1000;
/** So many unfinished jobs at the moderate rate mean that the queue does not keep up: no more are put. */
const OVERLOADED = 20_000;
const TICK_MS = 1;
const NUMBERS = 1 << 20;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Workload {
  readonly #queue: Queue;
  readonly #producers: number;
  readonly #padding: string;
  readonly #putAt: Float64Array = new Float64Array(NUMBERS);
  #latencies: Histogram = new Histogram();
  #put = 0;
  #finished = 0;
  #repeated = 0;
  #overloaded = false;
  #wakeProducers: (() => void)[] = [];

  constructor(queue: Queue, producers: number, bodyBytes: number) {
    this.#queue = queue;
    this.#producers = producers;
    this.#padding = "x".repeat(bodyBytes);
  }

  startWorkers(): Promise<void> {
    const handle = async (_body: string): Promise<void> => {};
    return this.#queue.work(handle, (body) => this.#finish(body));
  }

  get finished(): number {
    return this.#finished;
  }

  get repeated(): number {
    return this.#repeated;
  }

  get overloaded(): boolean {
    return this.#overloaded;
  }

  /** The latencies since this was last called. */
  takeLatencies(): Histogram {
    const latencies = this.#latencies;
    this.#latencies = new Histogram();
    return latencies;
  }

  /** Puts as fast as the workers finish; runs until the answer to `isOver` is yes. */
  async fullSpeed(isOver: () => boolean): Promise<void> {
    const produce = async (producer: number): Promise<void> => {
      while (!isOver()) {
        while (this.#unfinished + BATCH > MOST_UNFINISHED && !isOver()) {
          await new Promise<void>((resolve) => this.#wakeProducers.push(resolve));
        }
        await this.#queue.put(producer, this.#bodies(BATCH));
      }
    };
    await Promise.all(Array.from({ length: this.#producers }, (_, producer) => produce(producer)));
  }

  /** Puts this many jobs a second, whether the queue keeps up or not (an open loop). */
  async paced(perSecond: number, isOver: () => boolean): Promise<void> {
    const startedAt = performance.now();
    const puts: Promise<void>[] = [];
    let sent = 0;
    for (let turn = 0; !isOver(); turn++) {
      const due = Math.floor((performance.now() - startedAt) / 1000 * perSecond) - sent;
      if (this.#unfinished + due > OVERLOADED) this.#overloaded = true;
      else if (due > 0) {
        puts.push(this.#queue.put(turn % this.#producers, this.#bodies(due)));
      }
      sent += due;
      await sleep(TICK_MS);
    }
    await Promise.all(puts);
  }

  /** Puts so many jobs that nobody takes. */
  async backlog(jobs: number): Promise<void> {
    const produce = async (producer: number): Promise<void> => {
      while (this.#put < jobs) {
        await this.#queue.put(producer, this.#bodies(Math.min(BATCH, jobs - this.#put)));
      }
    };
    await Promise.all(Array.from({ length: this.#producers }, (_, producer) => produce(producer)));
  }

  /** Waits until every job is finished. False when that takes too long. */
  async drained(mostMs: number): Promise<boolean> {
    const giveUpAt = performance.now() + mostMs;
    while (this.#unfinished > 0 && performance.now() < giveUpAt) {
      await sleep(10);
    }
    return this.#unfinished === 0;
  }

  get #unfinished(): number {
    return this.#put - this.#finished;
  }

  #bodies(count: number): string[] {
    const now = performance.now();
    return Array.from({ length: count }, () => {
      const number = this.#put++ % NUMBERS;
      this.#putAt[number] = now;
      const text = `${number} `;
      return text + this.#padding.slice(text.length);
    });
  }

  #finish(body: string): void {
    const number = parseInt(body, 10);
    const putAt = this.#putAt[number];
    if (Number.isNaN(putAt)) return void this.#repeated++;
    this.#putAt[number] = NaN;
    this.#latencies.add(performance.now() - putAt);
    this.#finished++;
    if (this.#wakeProducers.length > 0 && this.#unfinished + BATCH <= MOST_UNFINISHED) {
      for (const wake of this.#wakeProducers.splice(0)) wake();
    }
  }
}
