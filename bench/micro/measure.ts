// Measures one group of micro benches in this process and prints the figures as JSON. Arguments: "time" SECONDS NAME, or
// "bytes" NAME. Started by main.ts, with what the runtime needs for either.
import process from "node:process";
import { bodyGroups } from "./body_operations.ts";
import { engineGroups } from "./engine_operations.ts";
import { journalGroups } from "./journal_operations.ts";
import { allocationsOf, NOTHING, ONE_OBJECT, timeOf } from "./measure_operations.ts";
import type { OperationGroup } from "./operation.ts";
import { parserGroups } from "./parser_operations.ts";
import { tableGroups } from "./table_operations.ts";

const GROUPS: Readonly<Record<string, () => readonly OperationGroup[]>> = {
  control: () => [{ name: "control", operations: [NOTHING, ONE_OBJECT] }],
  engine: engineGroups,
  tables: tableGroups,
  slabs: bodyGroups,
  parser: parserGroups,
  journal: journalGroups,
};

const [what, ...rest] = process.argv.slice(2);
const name = rest[rest.length - 1];
if (!Object.hasOwn(GROUPS, name)) throw new Error(`no group is called ${name}`);
const groups = GROUPS[name]();
const figures = what === "time" ? await timeOf(groups, Number(rest[0])) : allocationsOf(groups);
process.stdout.write(JSON.stringify(figures) + "\n");
