// BullMQ is no dependency of Runnerbean: npm installs it into npm/node_modules when the bench is asked to run.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("npm/", import.meta.url));
// package.json has exact versions, and so have BullMQ's own; a lock file would have to know every platform's packages.
const INSTALL = ["install", "--no-package-lock", "--no-audit", "--no-fund"];

/** Installs what is missing. Returns why BullMQ cannot be had, or "". */
export function installPackages(): string {
  if (existsSync(`${FOLDER}node_modules/bullmq`)) return "";
  console.log(`installing BullMQ into ${FOLDER}node_modules (npm ${INSTALL.join(" ")})`);
  const { error, status, stderr } = spawnSync("npm", INSTALL, {
    cwd: FOLDER,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (error) return `BullMQ is missing and npm did not start: ${error.message}`;
  if (status === 0) return "";
  const complaint = stderr.split("\n").find((line) => /^npm error (?!code)\S/.test(line)) ??
    `status ${status}`;
  return `BullMQ is missing and npm could not install it: ${complaint}`;
}

/** The version of a package of this bench. */
export function packageVersion(name: string): string {
  try {
    return JSON.parse(readFileSync(`${FOLDER}node_modules/${name}/package.json`, "utf8")).version;
  } catch {
    return "missing";
  }
}
