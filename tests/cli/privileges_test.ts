// -u: after the change no thread of the process keeps root's id, group or supplementary groups.
import { describe, it } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { lookUpUser } from "../../src/cli/user_database.ts";
import { requireProgram, runtimeCommand, skipWithout } from "../support/runtime.ts";
import { PROJECT_DIR, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { skipUnlessRoot } from "./root.ts";
import { listeningOn, portOf, toEnd } from "./run_command.ts";

interface Report {
  readonly result: { readonly kind: string; readonly problem?: string; readonly exitCode?: number };
  readonly tasks: readonly string[];
}

/** Becomes each user in turn, in a process that starts with supplementary groups of its own. */
async function becomeEach(...names: string[]): Promise<Report[]> {
  const process = startProcess([
    requireProgram("setpriv", "util-linux"),
    "--groups=4,27,60",
    ...runtimeCommand(),
    `${PROJECT_DIR}tests/cli/become_user.ts`,
    ...names,
  ]);
  assertEquals(await process.exited, 0, process.stderr());
  return process.stdout().trim().split("\n").map((line) => JSON.parse(line) as Report);
}

const skip = skipUnlessRoot() || skipWithout("setpriv", "util-linux");
const nobody = lookUpUser("nobody");

describe("becoming a user", { skip }, () => {
  it("changes the ids and groups of every thread, for good", { timeout: 240_000 }, async () => {
    if (!nobody) throw new Error("this machine has no user nobody");
    const { uid, gid } = nobody;
    const [changed, again, back] = await becomeEach("nobody", "nobody", "root");
    const ids = `Uid: ${uid} ${uid} ${uid} ${uid} Gid: ${gid} ${gid} ${gid} ${gid} Groups: ${gid}`;
    assertEquals(changed, { result: { kind: "changed" }, tasks: [ids] });
    assertEquals(again, { result: { kind: "changed" }, tasks: [ids] });
    assertEquals([back.result.kind, back.result.exitCode, back.tasks], ["problem", 34, [ids]]);
    assertStringIncludes(back.result.problem ?? "", '-u: cannot become the user "root"');
  });

  it("knows names only, and changes nothing for one it does not know", { timeout: 240_000 }, async () => {
    for (const report of await becomeEach("no-such-user", "65534", "")) {
      assertEquals([report.result.kind, report.result.exitCode], ["problem", 33]);
      assertEquals(report.tasks, ["Uid: 0 0 0 0 Gid: 0 0 0 0 Groups: 4 27 60"]);
    }
  });

  it("resets the groups of root too", { timeout: 240_000 }, async () => {
    const [root] = await becomeEach("root");
    assertEquals(root, { result: { kind: "changed" }, tasks: ["Uid: 0 0 0 0 Gid: 0 0 0 0 Groups: 0"] });
  });
});

describe("a server with -u", { skip }, () => {
  it("binds as root, then serves as the user in all its threads", { timeout: 240_000 }, async () => {
    if (!nobody) throw new Error("this machine has no user nobody");
    const { uid, gid } = nobody;
    const setpriv = requireProgram("setpriv", "util-linux");
    const server = startProcess([setpriv, "--groups=4,27", ...runnerbeanCommand(), "-Fu", "nobody", "-p0"]);
    try {
      const client = await WireClient.connect(portOf(await listeningOn(server)));
      assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
      const tasks = readdirSync(`/proc/${server.pid}/task`);
      for (const task of tasks) {
        const status = readFileSync(`/proc/${server.pid}/task/${task}/status`, "utf8");
        const ids = (status.match(/^(?:Uid|Gid|Groups):.*$/gm) ?? []).map((line) =>
          line.trim().split(/\s+/).slice(1)
        );
        assertEquals(ids, [Array(4).fill(String(uid)), Array(4).fill(String(gid)), [String(gid)]]);
      }
      client.close();
      server.signal("SIGTERM");
      assertEquals(await toEnd(server), { code: 0, stdout: server.stdout(), stderr: "" });
    } finally {
      await server.stop();
    }
  });
});
