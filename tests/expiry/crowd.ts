// Many connections at once, for tests in which hundreds of clients wait for their own deadline.
import { assertEquals } from "@std/assert";
import { sleep } from "../support/runtime.ts";
import { WireClient } from "../support/wire_client.ts";

export async function connectMany(port: number, count: number): Promise<WireClient[]> {
  const clients: WireClient[] = [];
  while (clients.length < count) clients.push(await WireClient.connect(port));
  return clients;
}

export function closeAll(clients: WireClient[]): void {
  for (const client of clients) client.close();
}

/** Watches only the given tube. */
export async function watchOnly(client: WireClient, tube: string): Promise<void> {
  assertEquals(await client.ask(`watch ${tube}\r\n`), "WATCHING 2\r\n");
  assertEquals(await client.ask("ignore default\r\n"), "WATCHING 1\r\n");
}

/** Puts a small job into the tube and returns its id. Times in seconds. */
export async function putInto(
  client: WireClient,
  tube: string,
  { delay = 0, ttr = 60 } = {},
): Promise<string> {
  assertEquals(await client.ask(`use ${tube}\r\n`), `USING ${tube}\r\n`);
  const answer = await client.ask(`put 0 ${delay} ${ttr} 1\r\nx\r\n`);
  assertEquals(answer.slice(0, 9), "INSERTED ", answer);
  return answer.slice(9, -2);
}

/** Calls `start` for 0 … count-1, spread evenly over `ms`, and resolves when all that it started is done. */
export async function spread(
  count: number,
  ms: number,
  start: (index: number) => Promise<void>,
): Promise<void> {
  const beganAt = performance.now();
  const running: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    const waitMs = beganAt + (index * ms) / count - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const started = start(index);
    // A failure is reported by the Promise.all below, not as unhandled while this loop still sleeps.
    started.catch(() => {});
    running.push(started);
  }
  await Promise.all(running);
}

/** Keeps the server busy: each connection puts, reserves and deletes in its own tube, lock-step, as fast as it can. */
export class Load {
  #stopped = false;
  #rounds = 0;
  readonly #running: Promise<void>[];

  constructor(port: number, connections: number) {
    this.#running = Array.from({ length: connections }, (_, index) => this.#run(port, `load-${index}`));
    for (const running of this.#running) running.catch(() => {});
  }

  async #run(port: number, tube: string): Promise<void> {
    const client = await WireClient.connect(port);
    await watchOnly(client, tube);
    while (!this.#stopped) {
      const id = await putInto(client, tube);
      assertEquals(await client.ask("reserve\r\n"), `RESERVED ${id} 1\r\nx\r\n`);
      assertEquals(await client.ask(`delete ${id}\r\n`), "DELETED\r\n");
      this.#rounds++;
    }
    client.close();
  }

  /** Stops and returns how many rounds of four commands were made. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await Promise.all(this.#running);
    return this.#rounds;
  }
}
