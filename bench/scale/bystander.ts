// A client that has nothing to do with what burdens the server: moves one job after the other in a tube of its
// own, in lock-step, and notes how long each command took. What it waits is what the burden costs others.
import { Histogram } from "../support/histogram.ts";
import { ScaleClient } from "./scale_client.ts";
import { putReserveDelete } from "./stretches.ts";

const TUBE = "bystander";
const JOBS_PER_STRETCH = 3;

export class Bystander {
  readonly #client: ScaleClient;
  #latency: Histogram = new Histogram();
  #running: Promise<void> = Promise.resolve();
  #stopping = false;

  private constructor(client: ScaleClient) {
    this.#client = client;
  }

  static async open(port: number): Promise<Bystander> {
    const client = await ScaleClient.open(port);
    await client.ask(`use ${TUBE}\r\nwatch ${TUBE}\r\nignore default\r\n`, 3);
    return new Bystander(client);
  }

  start(): void {
    this.#latency = new Histogram();
    this.#stopping = false;
    this.#running = this.#run();
    // Whoever calls `stop` gets the failure; until then it must not count as unhandled.
    this.#running.catch(() => {});
  }

  /** Resolves with the latencies since the start. */
  async stop(): Promise<Histogram> {
    this.#stopping = true;
    await this.#running;
    return this.#latency;
  }

  async #run(): Promise<void> {
    const stretch = putReserveDelete(this.#client);
    while (!this.#stopping) await stretch(JOBS_PER_STRETCH, 1, this.#latency);
  }
}
