// Runs the tests, a folder at a time and some folders side by side; ends with one line that counts them.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, normalize, sep } from "node:path";
import process from "node:process";
import { check, checks } from "./check.mjs";
import { runAndRead } from "./processes.mjs";
import { RUNTIMES, runtimeVariables, takeRuntime } from "./runtimes.mjs";
import { countsOf, describeCounts, failuresIn } from "./test_report.mjs";

/** Folders whose tests need no server, no disk and no other program. */
const UNIT = ["tests/core", "tests/protocol/parser_test.ts", "tests/server", "tests/observe", "tests/house_test.ts"];

export function testUnit(words) {
  const { name } = takeRuntime(words);
  return runTests([name], testFiles(UNIT), false);
}

export function test(words) {
  const { name } = takeRuntime(words);
  return runTests([name], testFiles(words), words.length === 0);
}

export function testAll(words) {
  return runTests(RUNTIMES, testFiles(words), words.length === 0);
}

/** Prints the runtime's own table of lines that the unit tests ran. */
export async function coverage(words) {
  const { name, path } = takeRuntime(words);
  const folder = join("coverage", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = testFiles(UNIT);
  const arguments_ = {
    deno: ["test", "-A", "--no-check", `--coverage=${folder}`, ...files],
    bun: ["test", "--coverage", `--coverage-dir=${folder}`, ...files.map((file) => `./${file}`)],
    node: ["--test", "--experimental-test-coverage", "--test-coverage-include=src/**", ...files],
  }[name];
  const { code, output } = await runAndRead(path, arguments_, runtimeVariables([name]));
  console.log(output);
  return code;
}

async function runTests(names, files, isWhole) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const add = (counts) => { for (const key of Object.keys(total)) total[key] += counts[key]; };
  if (isWhole) {
    const failed = await check();
    add({ passed: checks().length - failed, failed, skipped: 0 });
  }
  // One seed for all runtimes, so that what they make of it can be compared.
  const seed = process.env.RUNNERBEAN_SEED ?? String(Date.now() % 2 ** 31);
  const environment = { ...runtimeVariables(names), RUNNERBEAN_SEED: seed };
  console.log(`\nseed ${seed} (repeat with RUNNERBEAN_SEED=${seed})`);
  const runs = await runGroups(byFolder(files).flatMap((group) => names.map((name) => ({ name, files: group }))), environment);
  for (const name of names) {
    const ofRuntime = { passed: 0, failed: 0, skipped: 0 };
    for (const { counts } of runs.filter((run) => run.name === name)) {
      for (const key of Object.keys(total)) ofRuntime[key] += counts[key];
    }
    console.log(`${name}: ${describeCounts(ofRuntime)}`);
    add(ofRuntime);
  }
  const fingerprints = new Set(runs.flatMap(({ output }) => output.match(/simulation fingerprint .*/g) ?? []));
  if (names.length > 1 && fingerprints.size > 0) {
    const isSame = fingerprints.size === 1;
    total[isSame ? "passed" : "failed"]++;
    console.log(`\nfingerprints of the runtimes ${isSame ? "are the same" : "differ"}: ${[...fingerprints].join(", ")}`);
  }
  const failed = runs.filter(({ counts }) => counts.failed > 0);
  if (failed.length > 0) {
    console.log("\nWhat failed, in short:");
    for (const { title, output } of failed) console.log([`--- ${title}`, ...failuresIn(output)].join("\n"));
  }
  if (total.skipped > 0) console.log(`\n${total.skipped} skipped, for the reasons above`);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Runs groups of test files side by side, each on its runtime. One more than there are cores, up to three: tests often wait. */
async function runGroups(waiting, environment) {
  const reports = process.env.TEST_REPORTS ?? mkdtempSync(join(tmpdir(), "runnerbean-tests-"));
  mkdirSync(reports, { recursive: true });
  const runs = [];
  const lane = async (_, number) => {
    const inLane = { ...environment, TEST_LANE: String(number + 1) };
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name, files } = next;
      const path = environment[`RUNNERBEAN_${name.toUpperCase()}`];
      const folder = dirname(files[0]);
      const report = join(reports, `${name}-${folder.replaceAll(sep, "-")}.xml`);
      const began = Date.now();
      const { code, output } = await runAndRead(path, testArguments(name, files, report), inLane);
      const counts = countsOf(report, code);
      const seconds = Math.round((Date.now() - began) / 1000);
      const title = `${name}, ${folder}: ${describeCounts(counts)} in ${seconds} s, exit code ${code}`;
      console.log(`\n=== ${title} ===\n${output}`);
      runs.push({ name, counts, output, title });
    }
  };
  await Promise.all(Array.from({ length: Math.min(3, availableParallelism() + 1) }, lane));
  if (process.env.TEST_REPORTS === undefined) rmSync(reports, { recursive: true });
  return runs;
}

function testArguments(name, files, report) {
  if (name === "deno") return ["test", "-A", "--no-check", `--junit-path=${report}`, ...files];
  if (name === "bun") {
    const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
    return ["test", "--timeout", "120000", ...reporter, ...files.map((file) => `./${file}`)];
  }
  const reporters = [["spec", "stdout"], ["junit", report]].flatMap(([reporter, destination]) => [
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${destination}`,
  ]);
  return ["--test", "--test-force-exit", "--test-concurrency=1", ...reporters, ...files];
}

function testFiles(wanted) {
  const files = [];
  const look = (path) => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) look(join(path, entry));
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
