// Finds the three runtimes: the one named by RUNNERBEAN_DENO, RUNNERBEAN_BUN or RUNNERBEAN_NODE, else the one on PATH if it
// is new enough, else the package of the same name, fetched by npm into its cache. Plain JavaScript: Node 20 must run it.

import { execFileSync, spawnSync } from "node:child_process";
import process from "node:process";

const WANTED = {
  deno: { oldest: [2, 5], package: "deno@2.9" },
  bun: { oldest: [1, 3], package: "bun@1" },
  node: { oldest: [24, 0], package: "node@26" },
};

export const RUNTIMES = Object.keys(WANTED);

/** The full path of a runtime. Throws when it can be had in no way. */
export function findRuntime(name) {
  const named = process.env[`RUNNERBEAN_${name.toUpperCase()}`];
  if (named) return named;
  const onPath = run("sh", ["-c", `command -v ${name}`]);
  if (onPath && isNewEnough(name, onPath)) return onPath;
  // The path itself, not `npx deno`: a signal sent to npx does not reach what it started.
  const arguments_ = ["exec", "--yes", `--package=${WANTED[name].package}`, "-c", `command -v ${name}`];
  const fetched = execFileSync("npm", arguments_, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    .trim();
  if (!fetched) throw new Error(`${name} is not on PATH and npm could not fetch it`);
  return fetched.split("\n").at(-1);
}

/**
 * Takes `--runtime NAME` out of the words. Without it: the runtime that runs this, if it can run TypeScript, else Bun.
 * Answers the runtime's name and path.
 */
export function takeRuntime(words) {
  const at = words.indexOf("--runtime");
  const asked = at < 0 ? null : words.splice(at, 2)[1];
  if (asked !== null && !RUNTIMES.includes(asked)) {
    console.error(`--runtime takes ${RUNTIMES.join(", ")}, not ${asked}`);
    process.exit(2);
  }
  const { deno, bun, node } = process.versions;
  const current = deno ? "deno" : bun ? "bun" : Number(node.split(".")[0]) >= WANTED.node.oldest[0] ? "node" : null;
  const name = asked ?? current ?? "bun";
  return { name, path: name === current ? process.execPath : findRuntime(name) };
}

/** The environment in which tests and benches find the runtimes. */
export function runtimeVariables(names = RUNTIMES) {
  const paths = names.map((name) => [`RUNNERBEAN_${name.toUpperCase()}`, findRuntime(name)]);
  return { ...process.env, ...Object.fromEntries(paths) };
}

function isNewEnough(name, path) {
  const version = /(\d+)\.(\d+)\.\d+/.exec(run(path, ["--version"]));
  if (!version) return false;
  const [major, minor] = WANTED[name].oldest;
  return Number(version[1]) > major || (Number(version[1]) === major && Number(version[2]) >= minor);
}

function run(command, arguments_) {
  const result = spawnSync(command, arguments_, { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : "";
}
