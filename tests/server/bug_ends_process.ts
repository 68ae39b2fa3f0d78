// Shows that an adapter does not survive a bug in what it calls.
import { assert, assertStringIncludes } from "@std/assert";
import type { Io } from "../../src/cli/options.ts";
import { toEnd, until } from "../cli/run_command.ts";
import { runtimeCommand, sleep } from "../support/runtime.ts";
import { PROJECT_DIR, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

/** What is thrown when a chunk comes ends the process, with a message. */
export async function bugEndsProcess(io: Io): Promise<void> {
  const broken = startProcess([...runtimeCommand(), `${PROJECT_DIR}tests/server/broken_process.ts`, io]);
  try {
    await until(broken, "its port", () => /port \d+\./.test(broken.stdout()));
    await sleep(50); // with epoll, it waits with the runtime by then
    const client = await WireClient.connect(Number(/\d+/.exec(broken.stdout())![0]));
    client.send("x");
    const ended = await toEnd(broken);
    assert(ended.code !== 0, `exit code ${ended.code}`);
    assertStringIncludes(ended.stderr, "an invariant is broken");
    client.close();
  } finally {
    await broken.stop();
  }
}
