// Rows about delay beside a connection that watches very many tubes: while it begins to watch them, reserves from all of
// them, waits for all of them, lists them, and goes away. What may cost others something is each single look at a tube.
import net from "node:net";
import { type BenchServer, HOST } from "../support/server.ts";
import { besides, type Delay, type DelayRow } from "./delay_rows.ts";
import { ScaleClient } from "./scale_client.ts";

const MANY = 100_000;
const VERY_MANY = 1_000_000;
/** As many as a pipelining client would send at once. */
const PIPELINED = 400;
const WAITS = 5;
const LINE_FEED = 10;

export const WATCH_ROWS: readonly DelayRow[] = [MANY, VERY_MANY].flatMap((many) => {
  const rows: Record<string, DelayRow["measure"]> = { watch, reserves, waits, list, close };
  return Object.entries(rows).map(([name, measure]) => ({
    name: `watched-${name}`,
    many,
    promised: true,
    measure,
  }));
});

/** It begins to watch them, which makes them. */
function watch(server: BenchServer, count: number): Promise<Delay> {
  return besides(server, async () => (await watcherOf(server, count)).close());
}

async function reserves(server: BenchServer, count: number): Promise<Delay> {
  const client = await watcherOf(server, count);
  return besides(server, () => client.pour("reserve-with-timeout 0\r\n", PIPELINED));
}

/** Waits that run out, one after the other. */
async function waits(server: BenchServer, count: number): Promise<Delay> {
  const client = await watcherOf(server, count);
  return besides(server, () => client.pour("reserve-with-timeout 1\r\n", WAITS));
}

/** Twice as many lines as there are tubes: of the watched ones, and of all. */
async function list(server: BenchServer, count: number): Promise<Delay> {
  const client = await watcherOf(server, count);
  return besides(server, async () => {
    await client.pour("list-tubes-watched\r\n", count + 3);
    await client.pour("list-tubes\r\n", count + 3);
  });
}

async function close(server: BenchServer, count: number): Promise<Delay> {
  const client = await watcherOf(server, count);
  const looker = await ScaleClient.open(server.port);
  return besides(server, async () => {
    client.close();
    do await looker.ask("stats\r\n"); while (looker.field("current-tubes") > 2);
  });
}

async function watcherOf(server: BenchServer, count: number): Promise<LineCounter> {
  const client = await LineCounter.open(server.port);
  const batch = 1000;
  for (let from = 0; from < count; from += batch) {
    let text = "";
    for (let i = from; i < Math.min(count, from + batch); i++) text += `watch watched-tube-${i}\r\n`;
    await client.pour(text, Math.min(batch, count - from), 1);
  }
  return client;
}

/** A client that only counts the lines of the replies. */
class LineCounter {
  readonly #socket: net.Socket;
  #awaited = 0;
  #resolve: () => void = () => {};

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on("error", () => {}).on("data", (bytes: Uint8Array) => {
      for (const byte of bytes) if (byte === LINE_FEED) this.#awaited--;
      if (this.#awaited <= 0) this.#resolve();
    });
  }

  static open(port: number): Promise<LineCounter> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: HOST, port, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new LineCounter(socket)));
    });
  }

  /** Sends a command, as often as its one-line reply is awaited unless told otherwise. */
  pour(text: string, lines: number, times: number = text.startsWith("list") ? 1 : lines): Promise<void> {
    this.#awaited = lines;
    this.#socket.write(text.repeat(times));
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}
