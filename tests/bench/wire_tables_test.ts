// The wire bench's rows by name, and its tables from results.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compareTable } from "../../bench/wire/compare_table.ts";
import type { LoadResult } from "../../bench/wire/generator.ts";
import type { Measurement } from "../../bench/wire/measure.ts";
import { chooseGroups, rowNames, WIRE_ROWS } from "../../bench/wire/rows.ts";
import { clientWasTheLimit, latencyTable, ratioTable } from "../../bench/wire/wire_tables.ts";

const ROW = "put-c50-d1-b2";

function result(repliesPerSecond: number, changes: Partial<LoadResult> = {}): LoadResult {
  return {
    ops: repliesPerSecond,
    jobs: repliesPerSecond,
    secs: 1,
    ops_per_s: repliesPerSecond,
    jobs_per_s: repliesPerSecond,
    client_cpu: 0.5,
    server_cpu: 0.9,
    server_cpu_s: 0.9,
    server_hwm_kb: 1024,
    unexpected: 0,
    unexpected_text: [],
    timed_out: 0,
    lat_us: { all: { p50: 100, p99: 200, p999: 400 } },
    ...changes,
  };
}

const measured = (server: string, results: LoadResult[]): Measurement[] =>
  results.map((each, round) => ({ row: ROW, server, round, result: each }));

/** The cells of a table's only line, by the titles above them. */
function line(text: string): string[] {
  const [, , cells, ...rest] = text.split("\n");
  assertEquals(rest.length, 0, text);
  return cells.trim().split(/ {2,}/);
}

describe("wire bench", () => {
  it("finds rows by name and by pattern", () => {
    assertEquals(rowNames(chooseGroups(WIRE_ROWS, ["^put-c50-d1-b2$"], false)), [ROW]);
    assertEquals(rowNames(chooseGroups(WIRE_ROWS, ["c1-d64-b1k"], false)).length, 3);
    assertEquals(rowNames(chooseGroups(WIRE_ROWS, [], false)).length, 54);
    const short = rowNames(chooseGroups(WIRE_ROWS, [], true));
    assert(short.length < 30 && short.includes(ROW), short.join(" "));
  });

  it("calls a run limited by the client only when the server had time left", () => {
    assert(clientWasTheLimit(result(1, { client_cpu: 0.97, server_cpu: 0.7 })));
    assert(!clientWasTheLimit(result(1, { client_cpu: 0.97, server_cpu: 0.97 })));
    assert(!clientWasTheLimit(result(1, { client_cpu: 0.6, server_cpu: 0.97 })));
  });

  it("gives rates and tails as ratios to the reference of the same round", () => {
    const all = [
      ...measured("beanstalkd", [result(100), result(200), result(50)]),
      ...measured("bun", [
        result(150, { client_cpu: 0.99, server_cpu: 0.5, server_cpu_s: 0.45 }),
        result(300, { lat_us: { all: { p50: 50, p99: 100, p999: 800 } } }),
        result(100),
      ]),
    ];
    const names = ["beanstalkd", "bun"];
    assertEquals(line(ratioTable([ROW], names, all)), [ROW, "100", "1.50 (1.50..2.00) client!", "2.00"]);
    assertEquals(line(latencyTable([ROW], names, all)), [
      ROW,
      "bun",
      "100",
      "1.00 (0.500..1.00)",
      "200",
      "1.00 (0.500..1.00)",
      "400",
      "1.00 (1.00..2.00)",
    ]);
  });

  it("compares commits round by round", () => {
    const base = [100, 120, 80, 100, 90];
    const all = [
      ...measured("node@aaa", base.map((rate) => result(rate))),
      ...measured("node@tree", base.map((rate) => result(rate * 1.25))),
    ];
    const cells = line(compareTable([ROW], ["node"], ["aaa", "tree"], all));
    assertEquals(cells.slice(0, 6), [ROW, "node", "100", "tree", "1.25 (1.25..1.25)", "more"]);
  });
});
