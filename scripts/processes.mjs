// Runs programs, and passes SIGTERM and SIGINT on to them, so that none is left behind.

import { spawn } from "node:child_process";
import process from "node:process";

/** Runs a program with this process's own output. Resolves with its exit code. */
export async function runInherited(path, arguments_, env = process.env) {
  return (await run(path, arguments_, env, "inherit")).code;
}

/** Runs a program. Resolves with its exit code (1 when a signal ended it) and what it printed. */
export function runAndRead(path, arguments_, env = process.env) {
  return run(path, arguments_, env, "pipe");
}

function run(path, arguments_, env, output) {
  const child = spawn(path, arguments_, { env, stdio: ["ignore", output, output] });
  let printed = "";
  const read = (chunk) => printed += chunk;
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  const passOn = (signal) => child.kill(signal);
  process.on("SIGTERM", passOn).on("SIGINT", passOn);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      process.removeListener("SIGTERM", passOn).removeListener("SIGINT", passOn);
      resolve({ code: code ?? (signal ? 1 : 0), output: printed });
    });
  });
}
