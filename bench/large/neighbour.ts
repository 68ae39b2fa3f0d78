// A client that has nothing to do with what is asked: it moves one job after the other in lock-step. What it waits shows how long
// the server heard nobody; how much of that the server's thread was computing shows it even where other programs take the core.
import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { ScaleClient } from "../scale/scale_client.ts";
import { put } from "../scale/stretches.ts";
import { Histogram } from "../support/histogram.ts";
import type { BenchServer } from "../support/server.ts";

const TUBE = "neighbour";

export interface Waits {
  /** The longest that a command took. */
  readonly longestMs: number;
  /** What 99 of 100 commands took at most, in microseconds. */
  readonly p99Us: number;
  /** The most that the server's thread computed during one command. */
  readonly computedMs: number;
}

export class Neighbour {
  readonly #client: ScaleClient;
  readonly #cpu: number;
  readonly #read: Buffer = Buffer.alloc(64);
  #latency: Histogram = new Histogram();
  #computedMs = 0;
  #running: Promise<void> = Promise.resolve();
  #isStopping = false;

  private constructor(client: ScaleClient, cpu: number) {
    this.#client = client;
    this.#cpu = cpu;
  }

  static async open(server: BenchServer): Promise<Neighbour> {
    const client = await ScaleClient.open(server.port);
    await client.ask(`use ${TUBE}\r\nwatch ${TUBE}\r\nignore default\r\n`, 3);
    return new Neighbour(client, openSync(`/proc/${server.pid}/task/${server.pid}/schedstat`, "r"));
  }

  /** `restMs`: how long it rests after each job, to leave its core to others. */
  start(restMs = 0): void {
    this.#latency = new Histogram();
    this.#computedMs = 0;
    this.#isStopping = false;
    this.#running = this.#run(restMs);
    this.#running.catch(() => {}); // told by stop()
  }

  async stop(): Promise<Waits> {
    this.#isStopping = true;
    await this.#running;
    return {
      longestMs: this.#latency.maxMs,
      p99Us: this.#latency.quantileUs(0.99),
      computedMs: this.#computedMs,
    };
  }

  close(): void {
    closeSync(this.#cpu);
    this.#client.close();
  }

  async #run(restMs: number): Promise<void> {
    while (!this.#isStopping) {
      await this.#timed(put());
      await this.#timed("reserve-with-timeout 0\r\n");
      const [id] = this.#client.takeReserved();
      await this.#timed(`delete ${id}\r\n`);
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  async #timed(command: string): Promise<void> {
    const cpuBefore = this.#cpuMs();
    const sentAt = performance.now();
    await this.#client.ask(command);
    const ms = performance.now() - sentAt;
    // The kernel adds up a running thread's time now and then, so it may tell of more than lies between.
    const computedMs = Math.min(ms, this.#cpuMs() - cpuBefore);
    this.#latency.add(ms);
    this.#computedMs = Math.max(this.#computedMs, computedMs);
  }

  /** What the server's first thread has computed so far. */
  #cpuMs(): number {
    const length = readSync(this.#cpu, this.#read, 0, this.#read.length, 0);
    return Number(this.#read.toString("latin1", 0, length).split(" ")[0]) / 1e6;
  }
}
