// `runnerbean top [PATTERN]`: the tubes of a server, live. On a terminal it is drawn again and again until "q"; elsewhere,
// and with --json, it prints --count looks and ends.

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../../client/connect.ts";
import type { Stats, TubeStats } from "../../../client/face.ts";
import { EXIT_OK, EXIT_USAGE } from "../../exit_codes.ts";
import type { Printer } from "../../printer.ts";
import type { SaidFlags, Verb } from "../verb.ts";
import { VerbProblem } from "../verb.ts";
import type { TubeRates } from "./rates.ts";
import { Rates } from "./rates.ts";
import { numberFlag, SERVER_FLAGS, withQueue } from "./reach.ts";
import { Screen } from "./screen.ts";
import type { Column } from "./table.ts";
import { jsonOf, tableOf } from "./table.ts";
import { TUBE_COLUMNS, tubesOf } from "./tube_row.ts";

interface Row {
  readonly tube: TubeStats;
  readonly rates: TubeRates;
}

const COLUMNS: readonly Column<Row>[] = [
  ...TUBE_COLUMNS.map(({ key, value }) => ({ key, value: (row: Row) => value(row.tube) })),
  { key: "put/s", value: (row) => row.rates.put },
  { key: "done/s", value: (row) => row.rates.done },
];
const DEFAULT_ORDER = "ready";

export const topVerb: Verb = {
  name: "top",
  takes: ["[PATTERN]"],
  flags: { ...SERVER_FLAGS, interval: "SECONDS", count: "N", sort: "COLUMN" },
  run([pattern], printer, flags) {
    const isLive = process.stdout.isTTY === true && !flags.has("json");
    const count = numberFlag(flags, "count", 1, Number.MAX_SAFE_INTEGER) ?? (isLive ? Infinity : 1);
    const interval = numberFlag(flags, "interval", 1, 86_400) ?? 1;
    const order = orderOf(flags);
    return withQueue(flags, async (queue) => {
      const look = looking(queue, pattern, order);
      if (isLive) await showLive(look, interval, count, queue.address);
      else await print(look, interval, count, printer, flags.has("json"));
      return EXIT_OK;
    });
  },
};

/** One look: the server's statistics and the rows in order. */
type Look = () => Promise<{ readonly stats: Stats; readonly rows: readonly Row[] }>;

function looking(queue: Client, pattern: string | undefined, order: Column<Row>): Look {
  const rates = new Rates();
  return async () => {
    const [stats, tubes] = await Promise.all([queue.stats(), tubesOf(queue, pattern)]);
    const byTube = rates.since(tubes, performance.now());
    const rows = tubes.map((tube) => ({ tube, rates: byTube.get(tube.name)! }));
    return { stats, rows: rows.sort((a, b) => compare(order.value(a), order.value(b))) };
  };
}

function orderOf(flags: SaidFlags): Column<Row> {
  const key = flags.get("sort") ?? DEFAULT_ORDER;
  const column = COLUMNS.find((column) => column.key === key);
  if (column !== undefined) return column;
  const known = COLUMNS.map(({ key }) => key).join(", ");
  throw new VerbProblem(EXIT_USAGE, `--sort: expected one of ${known}, got ${JSON.stringify(key)}`);
}

/** Most first; names from A to Z. */
function compare(a: string | number | boolean | null, b: string | number | boolean | null): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return Number(b ?? -1) - Number(a ?? -1);
}

async function print(
  look: Look,
  interval: number,
  count: number,
  printer: Printer,
  isJson: boolean,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (i > 0) await sleep(interval * 1000);
    const { stats, rows } = await look();
    if (isJson) { for (const row of rows) printer.say(jsonOf(COLUMNS, row)); }
    else for (const line of [headline(stats), ...tableOf(COLUMNS, rows)]) printer.say(line);
  }
}

async function showLive(look: Look, interval: number, count: number, address: string): Promise<void> {
  using screen = new Screen();
  for (let i = 0; i < count && !screen.isLeft; i++) {
    const { stats, rows } = await look();
    screen.draw([`${address}  ${headline(stats)}`, "", ...tableOf(COLUMNS, rows)], "q quits");
    await screen.wait(interval * 1000);
  }
}

function headline(stats: Stats): string {
  const of = (key: string): string => String(stats[key] ?? "?");
  const drain = stats.draining === "true" ? ", draining" : "";
  return `${of("current-tubes")} tubes, ${of("current-connections")} connections; ` +
    `ready ${of("current-jobs-ready")}, delayed ${of("current-jobs-delayed")}, ` +
    `reserved ${of("current-jobs-reserved")}, buried ${of("current-jobs-buried")}${drain}`;
}
