// The project's tasks: start, test, check, bench and two for the console. Plain JavaScript that runs on Node 20, Deno and Bun alike, so that a
// machine with any one of them can run all of them.
//
//   node .ci/tasks.mjs start [flags of runnerbean]
//   node .ci/tasks.mjs test [--runtime deno|bun|node] [test files or folders]
//   node .ci/tasks.mjs check
//   node .ci/tasks.mjs compile [deno|bun] [folder]         one file that needs no runtime, by each; default: both, into build/
//   node .ci/tasks.mjs assets                               makes the console's table of files anew
//   node .ci/tasks.mjs screenshots                          pictures of the console, into docs/images
//   node .ci/tasks.mjs bench NAME [flags of the bench]      NAME: wire, durable, recovery, scale, micro, library

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "./compile.mjs";
import { findRuntime, RUNTIMES } from "./runtimes.mjs";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const [task, ...rest] = process.argv.slice(2);
const tasks = { start, test, check, compile, bench, assets, screenshots };

if (!Object.hasOwn(tasks, task ?? "")) {
  console.error("usage: tasks.mjs start|test|check|compile|bench|assets|screenshots [...]");
  process.exit(2);
}
process.chdir(PROJECT);
installDependencies();
process.exitCode = await tasks[task](rest);

/** Dependencies come from package.json, by whichever package manager is there. */
function installDependencies() {
  if (existsSync("node_modules/hono") && (task === "start" || existsSync("node_modules/playwright-core"))) {
    return;
  }
  const managers = [["npm", ["ci", "--no-audit", "--no-fund"]], ["bun", ["install"]], ["deno", ["install"]]];
  for (const [command, arguments_] of managers) {
    const { error, status } = spawnSync(command, arguments_, { stdio: ["ignore", "ignore", "inherit"] });
    if (error) continue;
    if (status === 0) return;
    process.exit(status ?? 1);
  }
  console.error("no npm, bun or deno was found to install the dependencies with");
  process.exit(1);
}

/** The runtime that runs this, if it can run TypeScript; else Bun, Deno or Node, whichever is installed or can be fetched. */
function start(flags) {
  const { deno, bun, node } = process.versions;
  const current = deno ? "deno" : bun ? "bun" : Number(node.split(".")[0]) >= 24 ? "node" : "";
  const name = current || "bun";
  const path = current ? process.execPath : findRuntime(name);
  const before = name === "deno" ? ["run", "-A", "--no-check"] : [];
  return spawnAndWait(path, [...before, "src/cli/main.ts", ...flags]);
}

function bench([name, ...flags]) {
  if (!name || !existsSync(`bench/${name}/main.ts`)) {
    const names = readdirSync("bench").filter((entry) => existsSync(`bench/${entry}/main.ts`));
    console.error(`usage: tasks.mjs bench ${names.join("|")} [flags]`);
    return 2;
  }
  return spawnAndWait(findRuntime("node"), [`bench/${name}/main.ts`, ...flags], runtimeVariables());
}

/** What the browser gets, from its sources. */
function assets() {
  return spawnAndWait(findRuntime("node"), ["--no-warnings", ".ci/console_assets.mjs"]);
}

function screenshots() {
  return spawnAndWait(findRuntime("node"), [".ci/screenshots.mjs"]);
}

/** What `check` runs: types of everything, lint, format; documentation of what is exported; whether JSR would take it. */
function checks() {
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

async function check() {
  const deno = findRuntime("deno");
  let failed = 0;
  for (const arguments_ of checks()) {
    const { code, output } = await spawnAndRead(deno, arguments_, process.env, "quiet");
    if (code === 0) continue;
    console.log(`deno ${arguments_.join(" ")}\n${output}`);
    failed++;
  }
  return failed;
}

/**
 * All tests on all three runtimes, a folder of tests at a time and some of them side by side; ends with one line that
 * counts them.
 */
async function test(words) {
  const only = words.indexOf("--runtime");
  const names = only < 0 ? RUNTIMES : words.splice(only, 2).slice(1);
  const groups = byFolder(testFiles(words));
  const total = { passed: 0, failed: 0, skipped: 0 };
  if (words.length === 0) {
    const failures = await check();
    total.passed += checks().length - failures;
    total.failed += failures;
  }
  // One seed for all three, so that what they make of it can be compared.
  const environment = { RUNNERBEAN_SEED: String(Date.now() % 2 ** 31), ...runtimeVariables(names) };
  console.log(
    `\nseed ${environment.RUNNERBEAN_SEED} (repeat with RUNNERBEAN_SEED=${environment.RUNNERBEAN_SEED})`,
  );
  const byRuntime = Object.fromEntries(names.map((name) => [name, { passed: 0, failed: 0, skipped: 0 }]));
  const fingerprints = new Set();
  const complaints = [];
  const waiting = groups.flatMap((files) => names.map((name) => ({ name, files })));
  const lane = async (_, number) => {
    const inLane = { ...environment, TEST_LANE: String(number + 1) };
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name, files } = next;
      const path = environment[`RUNNERBEAN_${name.toUpperCase()}`];
      const began = Date.now();
      const { code, output } = await spawnAndRead(path, testArguments(name, files), inLane);
      const counts = countsOf(name, output);
      if (code !== 0 && counts.failed === 0) counts.failed = 1; // it broke off
      const title = `${name}, ${dirname(files[0])}: ${describe(counts)} in ${secondsSince(began)} s`;
      console.log(`\n=== ${title} ===\n${output}`);
      for (const key of Object.keys(total)) byRuntime[name][key] += counts[key];
      if (counts.failed > 0) complaints.push(`--- ${title}, exit code ${code}`, ...complaintsIn(output));
      for (const [line] of output.matchAll(/simulation fingerprint .*/g)) fingerprints.add(line);
    }
  };
  // One more than there are cores, up to three: much of the time tests wait for clocks.
  await Promise.all(Array.from({ length: Math.min(3, availableParallelism() + 1) }, lane));
  for (const name of names) {
    console.log(`${name}: ${describe(byRuntime[name])}`);
    for (const key of Object.keys(total)) total[key] += byRuntime[name][key];
  }
  if (names.length > 1 && fingerprints.size > 0) {
    const isSame = fingerprints.size === 1;
    total[isSame ? "passed" : "failed"]++;
    console.log(
      `\nfingerprints of the runtimes ${isSame ? "are the same" : "differ"}: ${[...fingerprints].join(", ")}`,
    );
  }
  if (complaints.length > 0) console.log(`\nWhat failed, in short:\n${complaints.join("\n")}`);
  if (total.skipped > 0) console.log(`\n${total.skipped} skipped, for the reasons above`);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** The lines that name a failure and the beginning of its reason, so that they stand at the end of a long output too. */
function complaintsIn(output) {
  const lines = withoutColours(output).split("\n");
  const isFailure = (line) => /^\s*✖ |^\(fail\)|FAILED|^\s*(error|\w*Error)\b.*:/.test(line);
  const wanted = new Set();
  lines.forEach((line, at) => {
    if (isFailure(line)) { for (let i = at; i < at + 4; i++) wanted.add(i); }
  });
  return [...wanted].slice(0, 120).map((at) => lines[at] ?? "");
}

function withoutColours(text) {
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}

function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
}

function secondsSince(instant) {
  return Math.round((Date.now() - instant) / 1000);
}

function testFiles(wanted) {
  const files = [];
  const look = (path) => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) {
        look(join(path, entry));
      }
    } else if (path.endsWith("_test.ts")) files.push(path);
  };
  for (const path of wanted.length > 0 ? wanted : ["tests"]) look(path);
  return files;
}

/** Files of one folder of tests together, with those below it. */
function byFolder(files) {
  const folders = new Map();
  for (const file of files) {
    const folder = normalize(file).split(sep)[1];
    if (!folders.has(folder)) folders.set(folder, []);
    folders.get(folder).push(file);
  }
  return [...folders.values()];
}

function testArguments(name, files) {
  if (name === "deno") return ["test", "-A", "--no-check", ...files];
  if (name === "bun") return ["test", "--timeout", "120000", ...files.map((file) => `./${file}`)];
  return ["--test", "--test-force-exit", "--test-concurrency=1", ...files];
}

/** Each test runner's own closing lines. */
function countsOf(name, output) {
  const plain = withoutColours(output);
  const last = (pattern) => Number([...plain.matchAll(pattern)].at(-1)?.[1] ?? 0);
  if (name === "deno") {
    return {
      passed: last(/\| (\d+) passed/g) + last(/passed \((\d+) steps?\)/g),
      failed: last(/\| (\d+) failed/g),
      skipped: last(/\| (\d+) ignored/g),
    };
  }
  if (name === "bun") {
    return {
      passed: last(/^ (\d+) pass$/gm),
      failed: last(/^ (\d+) fail$/gm),
      skipped: last(/^ (\d+) skip$/gm),
    };
  }
  return {
    passed: last(/^ℹ pass (\d+)$/gm),
    failed: last(/^ℹ fail (\d+)$/gm),
    skipped: last(/^ℹ skipped (\d+)$/gm),
  };
}

function runtimeVariables(names = RUNTIMES) {
  const paths = Object.fromEntries(
    names.map((name) => [`RUNNERBEAN_${name.toUpperCase()}`, findRuntime(name)]),
  );
  return { ...process.env, ...paths };
}

function spawnAndWait(path, arguments_, env = process.env) {
  return spawnAndRead(path, arguments_, env, "inherit").then(({ code }) => code);
}

/** Runs a program and keeps what it says; passes SIGTERM and SIGINT on to it, so that it is not left behind. */
function spawnAndRead(path, arguments_, env, stdout = "pipe") {
  const child = spawn(path, arguments_, {
    env,
    stdio: ["ignore", ...(stdout === "inherit" ? ["inherit", "inherit"] : ["pipe", "pipe"])],
  });
  let output = "";
  const read = (chunk) => output += chunk;
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  const passOn = (signal) => child.kill(signal);
  process.on("SIGTERM", passOn).on("SIGINT", passOn);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      process.removeListener("SIGTERM", passOn).removeListener("SIGINT", passOn);
      resolve({ code: code ?? (signal ? 1 : 0), output });
    });
  });
}
