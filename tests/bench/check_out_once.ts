// Started by checkouts_test.ts: unpacks the commit named by its argument, prints where and what is there, and ends.
import process from "node:process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkOut } from "../../bench/support/checkouts.ts";

const [{ name, folder }] = checkOut([process.argv[2]]);
const hasAll = ["src/cli/main.ts", "node_modules/mitata", "package.json"].every((path) =>
  existsSync(join(folder, path))
);
process.stdout.write(JSON.stringify({ name, folder, hasAll }) + "\n");
