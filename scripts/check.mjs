// What holds for all sources: types, lint, format; documentation of what is exported; whether JSR would take the package.

import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { runAndRead } from "./processes.mjs";
import { findRuntime } from "./runtimes.mjs";

/** The arguments of Deno for each check. */
export function checks() {
  const sources = ["mod.ts", "src", "tests", "bench", "examples"].filter((path) => existsSync(path));
  const entries = Object.values(JSON.parse(readFileSync("deno.json", "utf8")).exports);
  return [
    ["check", ...sources],
    ["lint", ...sources],
    ["fmt", "--check", ...sources],
    ["doc", "--lint", ...entries],
    ["publish", "--dry-run", "--allow-dirty", "--quiet"],
  ];
}

/** Runs all checks and prints what failed. Resolves with the number of failures. */
export async function check() {
  const deno = findRuntime("deno");
  let failed = 0;
  for (const arguments_ of checks()) {
    const { code, output } = await runAndRead(deno, arguments_, process.env);
    if (code === 0) continue;
    console.log(`deno ${arguments_.join(" ")}\n${output}`);
    failed++;
  }
  return failed;
}
