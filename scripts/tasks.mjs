// The project's tasks. Plain JavaScript that runs on Node 20, Deno and Bun alike, so that a machine with any one of them can
// run all of them.
//
//   node scripts/tasks.mjs start [flags of runnerbean]
//   node scripts/tasks.mjs test:unit [--runtime NAME]                  the queue, the protocol and the turn loop: seconds
//   node scripts/tasks.mjs test [--runtime NAME] [files or folders]    all tests on one runtime; checks too when all
//   node scripts/tasks.mjs test:all [files or folders]                 the same on Deno, Bun and Node
//   node scripts/tasks.mjs coverage [--runtime NAME]                   test:unit, and which lines it ran
//   node scripts/tasks.mjs check                                       types, lint, format, documentation, JSR's dry run
//   node scripts/tasks.mjs compile [deno|bun] [folder]                 one file that needs no runtime; default: both, into build/
//   node scripts/tasks.mjs assets                                      makes the console's table of files anew
//   node scripts/tasks.mjs screenshots                                 pictures of the console, into docs/images
//   node scripts/tasks.mjs bench NAME [flags of the bench]             NAME: a folder of bench/

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { check } from "./check.mjs";
import { compile } from "./compile.mjs";
import { runInherited } from "./processes.mjs";
import { findRuntime, runtimeVariables, takeRuntime } from "./runtimes.mjs";
import { coverage, test, testAll, testUnit } from "./tests.mjs";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const TASKS = {
  start,
  "test:unit": testUnit,
  test,
  "test:all": testAll,
  coverage,
  check,
  compile,
  assets: () => runOnNode(["--no-warnings", "scripts/console_assets.mjs"]),
  screenshots: () => runOnNode(["scripts/screenshots.mjs"]),
  bench,
};

const [task, ...rest] = process.argv.slice(2);
if (!Object.hasOwn(TASKS, task ?? "")) {
  console.error(`usage: tasks.mjs ${Object.keys(TASKS).join("|")} [...]`);
  process.exit(2);
}
process.chdir(PROJECT);
installDependencies();
process.exitCode = await TASKS[task](rest);

/** Installs the dependencies of package.json, by whichever package manager is there. */
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

function start(flags) {
  const { name, path } = takeRuntime([]);
  const before = name === "deno" ? ["run", "-A", "--no-check"] : [];
  return runInherited(path, [...before, "src/cli/main.ts", ...flags]);
}

function bench([name, ...flags]) {
  if (!name || !existsSync(`bench/${name}/main.ts`)) {
    const names = readdirSync("bench").filter((entry) => existsSync(`bench/${entry}/main.ts`));
    console.error(`usage: tasks.mjs bench ${names.join("|")} [flags]`);
    return 2;
  }
  return runInherited(findRuntime("node"), [`bench/${name}/main.ts`, ...flags], runtimeVariables());
}

function runOnNode(arguments_) {
  return runInherited(findRuntime("node"), arguments_);
}
