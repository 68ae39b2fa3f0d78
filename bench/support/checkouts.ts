// Other states of this project to be measured: commits, each unpacked into a folder of its own that is removed at the end.
import process from "node:process";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RuntimeName, runtimePath, scriptCommand } from "./programs.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = "src/cli/main.ts";
/** Stands for the work tree as it is, whatever is committed. */
export const WORK_TREE = "tree";

export interface Checkout {
  /** The short hash of the commit, or "tree". */
  readonly name: string;
  readonly folder: string;
}

/**
 * Unpacks commits (anything git understands; `tree` is the work tree). What is unpacked is removed when the process exits.
 * Throws when there is no such commit.
 */
export function checkOut(references: readonly string[]): Checkout[] {
  const names = references.map((reference) => {
    if (reference === WORK_TREE) return WORK_TREE;
    return git(["rev-parse", "--short", "--verify", `${reference}^{commit}`]).trim();
  });
  if (new Set(names).size < names.length) throw new Error(`the same commit twice: ${names.join(", ")}`);
  return names.map((name) => ({ name, folder: name === WORK_TREE ? PROJECT : unpacked(name) }));
}

/** Each runtime with each checkout, as `serverPrograms` takes them: `bun@1a2b3c4=COMMAND LINE`. Neighbours differ in the checkout. */
export function checkoutServers(runtimes: readonly RuntimeName[], checkouts: readonly Checkout[]): string[] {
  return runtimes.flatMap((runtime) => {
    const path = runtimePath(runtime);
    if (!path) throw new Error(`${runtime} is missing`);
    return checkouts.map(({ name, folder }) => {
      const command = [...scriptCommand(runtime, path), join(folder, MAIN)];
      return `${checkoutServer(runtime, name)}=${command.join(" ")}`;
    });
  });
}

/** How the server of a checkout on a runtime is called. */
export const checkoutServer = (runtime: string, checkout: string): string => `${runtime}@${checkout}`;

function unpacked(commit: string): string {
  const folder = mkdtempSync(join(tmpdir(), `runnerbean-${commit}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const archive = execFileSync("git", ["archive", "--format=tar", commit], {
    cwd: PROJECT,
    maxBuffer: 2 ** 30,
  });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

function git(args: readonly string[]): string {
  return execFileSync("git", args, { cwd: PROJECT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
