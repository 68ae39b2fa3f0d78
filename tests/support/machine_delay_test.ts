// The delay of the machine: a process that competes for one processor is seen to wait, one that sleeps is not.
import process from "node:process";
import { describe, it } from "node:test";
import { assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { MachineDelay } from "./machine_delay.ts";
import { findProgram, sleep } from "./runtime.ts";
import { startProcess } from "./server_process.ts";

const skip = process.platform === "linux" && findProgram("taskset") !== ""
  ? false
  : "needs Linux and taskset";
if (skip) console.log(`skipped: ${skip}`);

const BUSY = ["taskset", "-c", "0", "sh", "-c", "while :; do :; done"];

async function waitOf(command: string[], rivals: number): Promise<number> {
  const competing = Array.from({ length: rivals }, () => startProcess(BUSY));
  const watched = startProcess(command);
  await sleep(200);
  const delay = new MachineDelay(watched.pid);
  const from = performance.now();
  await sleep(1000);
  const to = performance.now();
  delay.stop();
  await Promise.all([watched, ...competing].map((one) => one.stop()));
  return delay.waitedMs(from, to);
}

describe("the delay of the machine", { skip }, () => {
  it("is seen where three processes share a processor", { timeout: 240_000 }, async () => {
    assertGreaterOrEqual(await waitOf(BUSY, 2), 200);
  });

  it("is nothing for a process that sleeps", { timeout: 240_000 }, async () => {
    assertLessOrEqual(await waitOf(["sleep", "60"], 2), 50);
  });
});
