// What a server says of its jobs right after its start: looked up id by id on the wire.

import { assertEquals } from "@std/assert";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import type { State } from "./tube_model.ts";
import { violation } from "./violation.ts";

export interface SeenJob {
  readonly id: number;
  readonly tube: string;
  readonly body: string;
  readonly state: State;
  readonly pri: number;
  readonly delay: number;
  readonly ttr: number;
  readonly reserves: number;
  readonly timeouts: number;
  readonly releases: number;
  readonly buries: number;
  readonly kicks: number;
}

export interface Seen {
  readonly jobs: ReadonlyMap<number, SeenJob>;
  /** The id of a job that was put and deleted just now. */
  readonly probeId: number;
}

const AT_ONCE = 100;
const PATIENCE_MS = 20_000;
const NUMBERS = ["pri", "delay", "ttr", "reserves", "timeouts", "releases", "buries", "kicks"] as const;

/** Looks at all these ids, and makes sure that there is no job beside them. */
export async function inspect(port: number, ids: readonly number[]): Promise<Seen> {
  const client = await WireClient.connect(port);
  try {
    const jobs = new Map<number, SeenJob>();
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      await look(client, ids.slice(from, from + AT_ONCE), jobs);
    }
    await checkCount(client, jobs.size);
    return { jobs, probeId: await probe(client) };
  } finally {
    client.close();
  }
}

async function look(client: WireClient, ids: readonly number[], jobs: Map<number, SeenJob>): Promise<void> {
  client.send(ids.map((id) => `stats-job ${id}\r\npeek ${id}\r\n`).join(""));
  for (const id of ids) {
    const stats = await client.reply(PATIENCE_MS);
    const peeked = await client.reply(PATIENCE_MS);
    if (stats === "NOT_FOUND\r\n" && peeked === "NOT_FOUND\r\n") continue;
    const head = /^FOUND (\d+) \d+\r\n/.exec(peeked);
    if (!stats.startsWith("OK ") || Number(head?.[1]) !== id) {
      violation(`stats-job ${id}: ${JSON.stringify(stats)}, peek: ${JSON.stringify(peeked.slice(0, 100))}`);
    }
    jobs.set(id, readJob(id, yamlOf(stats), peeked.slice(head![0].length, -2)));
  }
}

function readJob(id: number, fields: Record<string, string>, body: string): SeenJob {
  assertEquals(fields.id, String(id));
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(fields[name])]));
  return {
    id,
    tube: fields.tube,
    body,
    state: fields.state as State,
    ...numbers as Record<(typeof NUMBERS)[number], number>,
  };
}

async function checkCount(client: WireClient, expected: number): Promise<void> {
  const stats = yamlOf(await client.ask("stats\r\n", PATIENCE_MS));
  const counts = ["ready", "delayed", "reserved", "buried"].map((state) =>
    Number(stats[`current-jobs-${state}`])
  );
  const count = counts.reduce((sum, number) => sum + number, 0);
  if (count !== expected) {
    violation(`there are ${count} jobs (${counts}), and only ${expected} were found by id`);
  }
  if (counts[2] > 0) violation(`${counts[2]} jobs are reserved right after the start`);
}

/** 0 when there is no room for a job. */
async function probe(client: WireClient): Promise<number> {
  assertEquals(await client.ask("use probe\r\n"), "USING probe\r\n");
  const answer = await client.ask("put 0 0 60 0\r\n\r\n", PATIENCE_MS);
  if (answer === "OUT_OF_MEMORY\r\n") return 0;
  const id = Number(
    /^INSERTED (\d+)\r\n$/.exec(answer)?.[1] ?? violation(`a put: ${JSON.stringify(answer)}`),
  );
  assertEquals(await client.ask(`delete ${id}\r\n`, PATIENCE_MS), "DELETED\r\n");
  return id;
}
