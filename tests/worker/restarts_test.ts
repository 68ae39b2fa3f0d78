// A worker outlives its server: 5,000 jobs (100,000 with RUNNERBEAN_LONG=1), handlers that fail, hang and throw after a lost lease, and the server killed
// twice. Every job is completed at least once, none is buried before its attempts are used up, the process ends by itself.
import { describe, it } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { runtimeCommand } from "../support/runtime.ts";
import { PROJECT_DIR, startProcess } from "../support/server_process.ts";

/** RUNNERBEAN_LONG=1 makes it the full proof. */
const JOBS = process.env.RUNNERBEAN_LONG ? 100_000 : 5000;

describe("a worker whose server is killed", () => {
  it(
    `completes ${JOBS} jobs, buries only what used up its attempts, and ends`,
    { timeout: 600_000 },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "runnerbean-worker-"));
      const scenario = `${PROJECT_DIR}tests/worker/restart_scenario.ts`;
      const program = startProcess([...runtimeCommand(), scenario, String(JOBS), directory]);
      const code = await program.exited;
      assertEquals(code, 0, program.stderr());
      const report = JSON.parse(program.stdout());
      console.log(`worker and restarts: ${program.stdout().trim()}`);
      const { unfinished, buriedTooSoon, buriedWrongly, notBuried, left, events } = report;
      assertEquals([unfinished, buriedTooSoon, buriedWrongly, notBuried, left], [0, 0, 0, 0, 0]);
      assert(events.lost > 0 && report.thrownOnLoss > 0, "leases were lost");
      assert(events.failed > JOBS / 100, "handlers failed");
      rmSync(directory, { recursive: true });
    },
  );
});
