// Runs a verb of the program to its end, with bytes for its stdin, in directories that are removed afterwards.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ended } from "./run_command.ts";
import { PROJECT_DIR, runnerbeanCommand } from "../support/server_process.ts";

/** Runs `runnerbean WORDS`; stdin is closed after the input. `pauseMs`: nobody reads its stdout for so long. */
export function runVerb(words: readonly string[], input = "", pauseMs = 0): Promise<Ended> {
  const [program, ...args] = [...runnerbeanCommand(), ...words];
  const child = spawn(program, args, { cwd: PROJECT_DIR, stdio: ["pipe", "pipe", "pipe"] });
  const out: string[] = [];
  let stderr = "";
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const read = (): void => void child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
  if (pauseMs > 0) setTimeout(read, pauseMs);
  else read();
  const patience = setTimeout(() => child.kill("SIGKILL"), 50_000);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(patience);
      resolve({ code, stdout: out.join(""), stderr });
    });
  });
}

/** Runs a verb whose stdout is closed by its reader after the first bytes. */
export function runAndHangUp(words: readonly string[]): Promise<number | null> {
  const [program, ...args] = [...runnerbeanCommand(), ...words];
  const child = spawn(program, args, { cwd: PROJECT_DIR, stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.once("data", () => child.stdout.destroy());
  const patience = setTimeout(() => child.kill("SIGKILL"), 50_000);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(patience);
      resolve(code);
    });
  });
}

/** Does the work with a fresh directory; `inside` names something in it. */
export async function withDirectory<T>(work: (inside: (name: string) => string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "runnerbean-verbs-"));
  try {
    return await work((name) => join(directory, name));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
