// The program as one file that needs no runtime installed, by Bun and by Deno. Plain JavaScript: Node 20 must run it.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { findRuntime } from "./runtimes.mjs";

const ENTRY = "src/cli/main.ts";
const COMPILERS = { bun: compileByBun, deno: compileByDeno };

/** `words`: which of the two, and the folder; default both, into build/. Answers how many failed. */
export function compile(words) {
  const isName = (word) => Object.hasOwn(COMPILERS, word);
  const names = words.some(isName) ? words.filter(isName) : Object.keys(COMPILERS);
  const folder = words.find((word) => !isName(word)) ?? "build";
  mkdirSync(folder, { recursive: true });
  let failed = 0;
  for (const name of names) {
    const { isFine, message } = COMPILERS[name](findRuntime(name), join(folder, `runnerbean-${name}`));
    console.log(`${name}: ${message.trim()}`);
    if (!isFine) failed++;
  }
  return failed;
}

function compileByBun(bun, path) {
  const flags = ["--compile", "--minify", "--bytecode", "--format=esm", `--outfile=${path}`];
  const { code, output } = run(bun, ["build", ...flags, ENTRY]);
  return { isFine: code === 0, message: code === 0 ? describe(path) : output };
}

/** Where the base binary cannot be had, another program stands in for it: all modules are found and packed nevertheless. */
function compileByDeno(deno, path) {
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  const without = Object.keys(devDependencies).flatMap((name) => ["--exclude", `node_modules/${name}`]);
  const flags = ["compile", "-A", "--no-check", ...without, "--output"];
  const { code, output } = run(deno, [...flags, path, ENTRY]);
  if (code === 0) return { isFine: true, message: describe(path) };
  const isBaseMissing = /denort|download|error sending request|dns/i.test(output);
  if (!isBaseMissing || process.env.DENORT_BIN) return { isFine: false, message: output };
  const packed = `${path}.incomplete`;
  const graph = run(deno, [...flags, packed, ENTRY], { DENORT_BIN: "/bin/true" });
  rmSync(packed, { force: true });
  const message = "not made: its base binary, denort, cannot be downloaded here (DENORT_BIN can name one). " +
    "All modules were found and packed: nothing else is missing.";
  return { isFine: graph.code === 0, message: graph.code === 0 ? message : graph.output };
}

function run(program, words, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  return { code: status ?? 1, output: error ? String(error) : stdout + stderr };
}

function describe(path) {
  return `${path}, ${(statSync(path).size / 1e6).toFixed(0)} MB`;
}
