// `runnerbean health`: for a container's health check, so the exit code is what counts.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { freePort, runnerbeanCommand, startServer } from "../support/server_process.ts";
import { runToEnd } from "./run_command.ts";

describe("runnerbean health", () => {
  it("says that a server answers", async () => {
    const server = await startServer();
    const asked = [`127.0.0.1:${server.port}`, String(server.port)];
    for (const address of asked) {
      const { code, stdout } = await runToEnd([...runnerbeanCommand(), "health", address]);
      assertEquals(code, 0);
      assert(/^127\.0\.0\.1:\d+ answers: version /.test(stdout), stdout);
    }
    const env = { RUNNERBEAN_PORT: String(server.port) };
    assertEquals((await runToEnd([...runnerbeanCommand(), "health"], env)).code, 0);
    server.signal("SIGSTOP");
    const { code, stderr } = await runToEnd([...runnerbeanCommand(), "health", asked[0]]);
    assertEquals([code, stderr.startsWith("runnerbean: health: ")], [1, true]);
    await server.stop();
  });

  it("says that none does, and what it does not understand", async () => {
    const nobody = await runToEnd([...runnerbeanCommand(), "health", String(await freePort())]);
    assertEquals([nobody.code, nobody.stderr.startsWith("runnerbean: health: ")], [111, true]);
    for (const address of ["a:b:c", "host:", "host:70000"]) {
      assertEquals((await runToEnd([...runnerbeanCommand(), "health", address])).code, 5, address);
    }
  });
});
