import { describe, it } from "node:test";
import { assert, assertStringIncludes } from "@std/assert";
import { toEnd, until } from "../cli/run_command.ts";
import { runtimeCommand } from "../support/runtime.ts";
import { PROJECT_DIR, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

describe("the runtime's own adapter", () => {
  it("does not survive a bug: what is thrown by a chunk ends the process", { timeout: 60_000 }, async () => {
    const broken = startProcess([...runtimeCommand(), `${PROJECT_DIR}tests/server/broken_process.ts`]);
    try {
      await until(broken, "its port", () => /port \d+\./.test(broken.stdout()));
      const client = await WireClient.connect(Number(/\d+/.exec(broken.stdout())![0]));
      client.send("x");
      const ended = await toEnd(broken);
      assert(ended.code !== 0, `exit code ${ended.code}`);
      assertStringIncludes(ended.stderr, "an invariant is broken");
      client.close();
    } finally {
      await broken.stop();
    }
  });
});
