// What does a queue in a Deno KV make of the KV's own atomic commits? Jobs put, and put, reserved and deleted, per second as
// ratios to the commits that the KV does by itself, one after the other; and how fast the jobs come back.
//   RUNTIME bench/kv/main.ts [--rounds 5] [--seconds 1] [--bytes 100] [--recover 100000] [--dir /var/tmp]
import { join } from "node:path";
import process from "node:process";
import { kv, Queue } from "../../mod.ts";
import { openKvStore } from "../../src/runtime/open_kv.ts";
import { workDirectory } from "../support/disk.ts";
import { digits, JsonLines, machine, median, table } from "../support/report.ts";

const options = { rounds: 5, seconds: 1, bytes: 100, recover: 100_000, dir: "/var/tmp" };
const words = process.argv.slice(2);
for (let i = 0; i < words.length; i += 2) {
  const name = words[i].slice(2);
  if (name === "dir") options.dir = words[i + 1];
  else if (Object.hasOwn(options, name) && Number(words[i + 1]) > 0) {
    options[name as "rounds"] = Number(words[i + 1]);
  } else {throw new Error(`unknown: ${words[i]}; ${
      Object.keys(options).map((each) => `--${each} N`).join(" ")
    }`);}
}

/** Runs a piece of work again and again; answers how many units it does per second. */
async function perSecond(units: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < options.seconds * 1000) {
    await work();
    done += units;
  }
  return done / ((performance.now() - began) / 1000);
}

const directory = workDirectory(options.dir);
const BODY = new Uint8Array(options.bytes).fill(120);

/** What the KV does by itself: a set of as many bytes as a job takes, with a check, and the next when it is done. */
async function commits(): Promise<number> {
  const store = await openKvStore(join(directory.path, "plain.kv"));
  const guard = ["guard"];
  const versionstamp = await store.commit([], [{ key: guard, value: BODY }]);
  let n = 0;
  const rate = await perSecond(1, async () => {
    const mutation = { key: ["job", n++], value: BODY };
    if (await store.commit([{ key: guard, versionstamp }], [mutation]) === null) {
      throw new Error("a check failed");
    }
  });
  store.close();
  return rate;
}

async function puts(callers: number): Promise<number> {
  await using queue = await Queue.open({ store: kv(join(directory.path, `puts-${callers}.kv`)) });
  const tube = queue.tube("bench");
  return await perSecond(callers, async () => {
    await Promise.all(Array.from({ length: callers }, () => tube.put(BODY)));
  });
}

async function cycles(callers: number): Promise<number> {
  await using queue = await Queue.open({ store: kv(join(directory.path, `cycles-${callers}.kv`)) });
  const tube = queue.tube("bench");
  return await perSecond(callers, async () => {
    await Promise.all(Array.from({ length: callers }, async () => {
      await tube.put(BODY);
      await (await tube.reserve())!.delete();
    }));
  });
}

const ROWS: Record<string, () => Promise<number>> = {
  "the KV's own commits, one by one": commits,
  "put, one caller": () => puts(1),
  "put, 50 callers": () => puts(50),
  "put, 1000 callers": () => puts(1000),
  "put, reserve, delete, 50 callers": () => cycles(50),
  "put, reserve, delete, 1000 callers": () => cycles(1000),
};

async function recovery(): Promise<string> {
  const path = join(directory.path, "recovery.kv");
  {
    await using queue = await Queue.open({ store: kv(path) });
    const tube = queue.tube("bench");
    for (let left = options.recover; left > 0; left -= 1000) {
      await Promise.all(Array.from({ length: Math.min(1000, left) }, () => tube.put(BODY)));
    }
  }
  const began = performance.now();
  await using _queue = await Queue.open({ store: kv(path) });
  const seconds = (performance.now() - began) / 1000;
  return `${options.recover} jobs came back in ${digits(seconds)} s: ${
    digits(options.recover / seconds)
  } a second`;
}

const versions = process.versions as Record<string, string | undefined>;
const runtime = versions.deno
  ? `deno ${versions.deno}`
  : versions.bun
  ? `bun ${versions.bun}`
  : `node ${versions.node}`;
console.log(
  `${machine([])}\n${runtime}; bodies of ${options.bytes} bytes, ${options.rounds} interleaved rounds`,
);

const lines = new JsonLines("kv");
const rates = new Map<string, number[]>(Object.keys(ROWS).map((name) => [name, []]));
const [floor, ...others] = Object.keys(ROWS);
for (let round = 0; round < options.rounds; round++) {
  for (const [name, measure] of Object.entries(ROWS)) {
    const rate = await measure();
    rates.get(name)!.push(rate);
    lines.add({ runtime, name, round, rate, bytes: options.bytes });
  }
}
const rowOf = (name: string): string[] => {
  const ratios = rates.get(name)!.map((rate, round) => rate / rates.get(floor)![round]);
  const spread = `${digits(Math.min(...ratios))} to ${digits(Math.max(...ratios))}`;
  return [name, digits(median(rates.get(name)!)), digits(median(ratios)), spread];
};
console.log(table(["", "per second", "ratio", "spread"], [floor, ...others].map(rowOf)));
console.log(await recovery());
directory.remove();
