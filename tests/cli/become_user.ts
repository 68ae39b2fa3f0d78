// A program for the privileges test: becomes the users named in its arguments, one after the other, and prints one line
// of JSON each. `tasks` has one entry per different set of ids among the threads of the process.
import process from "node:process";
import { readdirSync, readFileSync } from "node:fs";
import { becomeUser } from "../../src/cli/privileges.ts";

function threadIds(): string[] {
  const seen = new Set<string>();
  for (const task of readdirSync("/proc/self/task")) {
    const status = readFileSync(`/proc/self/task/${task}/status`, "utf8");
    seen.add((status.match(/^(?:Uid|Gid|Groups):.*$/gm) ?? []).join(" ").replace(/\s+/g, " ").trim());
  }
  return [...seen];
}

for (const name of process.argv.slice(2)) {
  console.log(JSON.stringify({ result: becomeUser(name), tasks: threadIds() }));
}
