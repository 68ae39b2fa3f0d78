// Node keeps compiled modules for the next start, where only the user can write, and nowhere else.
import { afterEach, beforeEach, describe, it } from "node:test";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { compiledFolder, isOurs } from "../../src/cli/compiled_modules.ts";
import { RUNTIME } from "../support/runtime.ts";
import { runnerbeanCommand, startProcess } from "../support/server_process.ts";

describe("compiled modules", () => {
  let home = "";
  beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "runnerbean-home-"))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it("are kept in the service's folder, the user's cache, or nowhere", () => {
    assertEquals(compiledFolder({ CACHE_DIRECTORY: "/a:/b", HOME: "/h" }), "/a/runnerbean/modules");
    assertEquals(compiledFolder({ XDG_CACHE_HOME: "/x", HOME: "/h" }), "/x/runnerbean/modules");
    assertEquals(compiledFolder({ XDG_CACHE_HOME: "", HOME: "/h" }), "/h/.cache/runnerbean/modules");
    assertEquals(compiledFolder({}), null);
    assertEquals(compiledFolder({ HOME: "not/absolute" }), null);
  });

  it("are never in a folder that others may write to", () => {
    const folder = join(home, "deep", "modules");
    assert(isOurs(folder), "one that is made for them");
    assertEquals(statSync(folder).mode & 0o777, 0o700);
    chmodSync(folder, 0o777);
    assertEquals(isOurs(folder), false);
    assertEquals(isOurs("/dev/null/modules"), false, "one that cannot be made");
  });

  it("are there after the first start on Node, and do no harm to the second", async () => {
    const env = { HOME: home, XDG_CACHE_HOME: "", CACHE_DIRECTORY: "", NODE_COMPILE_CACHE: "" };
    for (const start of ["first", "second"]) {
      const version = startProcess([...runnerbeanCommand(), "-v"], env);
      assertEquals([await version.exited, version.stdout().split(" ")[0]], [0, "runnerbean"], start);
    }
    const folder = join(home, ".cache", "runnerbean", "modules");
    assertEquals(existsSync(folder) && readdirSync(folder).length > 0, RUNTIME === "node");
  });
});
