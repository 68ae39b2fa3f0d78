// Commits that are unpacked to be measured: whole while they are needed, gone afterwards.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkOut, checkoutServer, WORK_TREE } from "../../bench/support/checkouts.ts";
import { runtimeCommand, skipWithout } from "../support/runtime.ts";

const PROGRAM = fileURLToPath(new URL("check_out_once.ts", import.meta.url));
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

interface Unpacked {
  readonly name: string;
  readonly folder: string;
  readonly hasAll: boolean;
}

describe("checkouts", { skip: skipWithout("git") }, () => {
  it("unpack a commit with all it needs to run, and remove it when the process ends", () => {
    const [file, ...args] = [...runtimeCommand(), PROGRAM, "HEAD"];
    const unpacked = JSON.parse(execFileSync(file, args, { encoding: "utf8" })) as Unpacked;
    const head = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: PROJECT, encoding: "utf8" })
      .trim();
    assertEquals(unpacked.name, head);
    assert(unpacked.hasAll, `${unpacked.folder} was not whole`);
    assert(!existsSync(unpacked.folder), `${unpacked.folder} is still there`);
  });

  it("take the work tree where it is", () => {
    const [tree] = checkOut([WORK_TREE]);
    assertEquals(tree, { name: "tree", folder: PROJECT });
    assertEquals(checkoutServer("bun", tree.name), "bun@tree");
  });

  it("refuse what is no commit, and the same commit twice", () => {
    assertThrows(() => checkOut(["no-such-commit"]));
    assertThrows(() => checkOut([WORK_TREE, WORK_TREE]), Error, "twice");
  });
});
