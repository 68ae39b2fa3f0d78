// Which servers a bench can start: the reference, and Runnerbean on each runtime found on this machine.
import process from "node:process";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export type RuntimeName = "bun" | "deno" | "node";

/** A server that can be started: `-l ADDR -p PORT` is appended to its command. */
export interface ServerProgram {
  readonly name: string;
  readonly command: readonly string[];
}

export const REFERENCE = "beanstalkd";
export const RUNTIMES: readonly RuntimeName[] = ["bun", "deno", "node"];

const SERVER_MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const OLDEST_NODE = 24;
// What npx is asked for, and how each runtime tells where its own executable is. npx itself stays out of the
// measured process: its pid would not be the server's, and it does not pass signals on.
const NPX: Record<RuntimeName, string[]> = {
  bun: ["bun@1", "-e", "console.log(process.execPath)"],
  deno: ["deno@2.9", "eval", "console.log(Deno.execPath())"],
  node: ["node@26", "-p", "process.execPath"],
};

/** Whether a server of this name is the reference, perhaps with options (`beanstalkd -F`). */
export const isReference = (name: string): boolean => name.split(" ")[0] === REFERENCE;

/** The full path of a program on PATH, or "". */
export function onPath(name: string): string {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if (folder && existsSync(join(folder, name))) return join(folder, name);
  }
  return "";
}

/** The executable of a runtime: RUNNERBEAN_BUN (DENO, NODE) first, then PATH, then npx; "" when none can be had. */
export function runtimePath(runtime: RuntimeName): string {
  const given = process.env[`RUNNERBEAN_${runtime.toUpperCase()}`];
  if (given) return given;
  const found = onPath(runtime);
  if (found && (runtime !== "node" || nodeIsNewEnough(found))) return found;
  try {
    return run("npx", ["-y", ...NPX[runtime]]).trim();
  } catch {
    return "";
  }
}

/** The command that runs a TypeScript file on a runtime. */
export function scriptCommand(runtime: RuntimeName, path: string): string[] {
  return runtime === "deno" ? [path, "run", "-A", "--no-check"] : [path];
}

/**
 * The servers with these names. A name is a runtime, `beanstalkd`, or `NAME=COMMAND LINE` for any other server (an
 * older checkout, say). Throws when one cannot be had.
 */
export function serverPrograms(names: readonly string[]): ServerProgram[] {
  return names.map((name) => {
    const equals = name.indexOf("=");
    if (equals > 0) {
      return { name: name.slice(0, equals), command: name.slice(equals + 1).trim().split(/\s+/) };
    }
    if (name === REFERENCE) return { name, command: [needed(REFERENCE, onPath(REFERENCE))] };
    if (!RUNTIMES.includes(name as RuntimeName)) throw new Error(`no server is called ${name}`);
    if (!existsSync(SERVER_MAIN)) throw new Error(`${SERVER_MAIN} does not exist`);
    const path = needed(name, runtimePath(name as RuntimeName));
    return { name, command: [...scriptCommand(name as RuntimeName, path), SERVER_MAIN] };
  });
}

/** What a server says about its version, for the head of a table. */
export function versionOf(program: ServerProgram): string {
  try {
    const [path] = program.command;
    const flag = isReference(program.name) ? "-v" : "--version";
    return run(path, [flag]).split("\n")[0].replace(/^(beanstalkd|deno)\s+|\s*\(.*\)/g, "").trim();
  } catch {
    return "?";
  }
}

function nodeIsNewEnough(path: string): boolean {
  return Number(run(path, ["--version"]).slice(1).split(".")[0]) >= OLDEST_NODE;
}

function run(path: string, args: string[]): string {
  return execFileSync(path, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function needed(name: string, path: string): string {
  if (!path) throw new Error(`${name} is missing`);
  return path;
}
