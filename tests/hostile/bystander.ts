// A well-behaved client beside a hostile one: it works lock-step all the while and must not be made to wait.
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { sleep } from "../support/runtime.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";

/** The longest that any answer may take beside a hostile peer: far more than a busy machine needs, far less than for ever. */
const ALLOWED_MS = 3000;
const PAUSE_MS = 20;
/** Two rounds: a test may be over before more are made. */
const LEAST_ANSWERS = 6;

export class Bystander {
  readonly #client: WireClient;
  #stopped = false;
  readonly #answeredMs: number[] = [];
  readonly #running: Promise<void>;

  private constructor(client: WireClient) {
    this.#client = client;
    this.#running = this.#work();
    this.#running.catch(() => {});
  }

  static async start(port: number): Promise<Bystander> {
    const client = await WireClient.connect(port);
    assertEquals(await client.ask("use bystander\r\n"), "USING bystander\r\n");
    assertEquals(await client.ask("watch bystander\r\n"), "WATCHING 2\r\n");
    assertEquals(await client.ask("ignore default\r\n"), "WATCHING 1\r\n");
    return new Bystander(client);
  }

  async #work(): Promise<void> {
    while (!this.#stopped || this.#answeredMs.length < LEAST_ANSWERS) {
      const id = (await this.#ask("put 0 0 60 2\r\nok\r\n")).slice(9, -2);
      assertEquals(await this.#ask("reserve\r\n"), `RESERVED ${id} 2\r\nok\r\n`);
      assertEquals(await this.#ask(`delete ${id}\r\n`), "DELETED\r\n");
      await sleep(PAUSE_MS);
    }
  }

  async #ask(command: string): Promise<string> {
    const askedAt = performance.now();
    const answer = await this.#client.ask(command, 10 * ALLOWED_MS);
    this.#answeredMs.push(performance.now() - askedAt);
    return answer;
  }

  /** Stops it and fails when an answer took too long or was wrong. Returns the median answer in ms. */
  async finish(): Promise<number> {
    this.#stopped = true;
    await this.#running;
    this.#client.close();
    const answered = this.#answeredMs.sort((a, b) => a - b);
    assertLessOrEqual(answered[answered.length - 1], ALLOWED_MS, "the bystander's longest wait, ms");
    return answered[answered.length >> 1];
  }
}

export async function serverStats(client: WireClient): Promise<Record<string, string>> {
  return yamlOf(await client.ask("stats\r\n"));
}

/** Polls the server's stats until one field has the value; returns what it was at last. */
export async function settledStat(
  client: WireClient,
  field: string,
  value: number,
  ms = 3000,
): Promise<number> {
  const giveUpAt = performance.now() + ms;
  for (;;) {
    const now = Number((await serverStats(client))[field]);
    if (now === value || performance.now() > giveUpAt) return now;
    await sleep(20);
  }
}
