// The system has no memory left: a server under a limit of address space refuses the put that needs more, and goes on. A runtime that
// reserves more than the limit when it starts, as Deno does, cannot be tried: that is printed and skipped.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { afterEach, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { RUNTIME } from "../support/runtime.ts";
import { runnerbeanCommand, type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

/** Bytes of address space: what the runtime reserves when it starts, and some hundred megabytes. */
const LIMIT = 3_000_000_000;
const BODY = 60_000;
const PUT = `put 0 0 60 ${BODY}\r\n${"m".repeat(BODY)}\r\n`;
const BATCH = 50;

const HAS_PRLIMIT = process.platform === "linux" && spawnSync("prlimit", ["--version"]).status === 0;

describe(
  "a server for which the system has no memory",
  { skip: !HAS_PRLIMIT && "there is no prlimit" },
  () => {
    let server: ServerProcess | undefined;

    afterEach(() => server?.stop());

    it("refuses the put and goes on", { timeout: 110_000 }, async () => {
      try {
        server = await startServer({ command: ["prlimit", `--as=${LIMIT}`, ...runnerbeanCommand()] });
      } catch {
        return console.log(`skipped: ${RUNTIME} does not start with ${LIMIT} bytes of address space`);
      }
      const client = await WireClient.connect(server.port);
      let inserted = 0;
      let refused = 0;
      while (refused === 0 && inserted * BODY < LIMIT) {
        client.send(PUT.repeat(BATCH));
        for (let i = 0; i < BATCH; i++) {
          const answer = await client.reply();
          if (answer === "OUT_OF_MEMORY\r\n") refused++;
          else if (answer.startsWith("INSERTED ")) inserted++;
          else throw new Error(`a put is answered ${answer}`);
        }
      }
      console.log(`${RUNTIME}: ${inserted} bodies of ${BODY} bytes, then OUT_OF_MEMORY`);
      assert(refused > 0 && inserted > 100, `${inserted} inserted, ${refused} refused`);
      assertEquals((await client.ask("reserve\r\n")).slice(0, 8), "RESERVED");
      for (let id = 1; id <= 30; id++) assertEquals(await client.ask(`delete ${id}\r\n`), "DELETED\r\n");
      assertEquals((await client.ask(PUT)).slice(0, 9), "INSERTED ", "room that came free is used again");
      client.close();
    });
  },
);
