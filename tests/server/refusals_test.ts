// Counts of refusals, which of them are current, and how many lines they print.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RefusalLog } from "../../src/cli/refusal_log.ts";
import { REFUSAL_REASONS } from "../../src/ports/refusals.ts";
import { isShortage, REFUSAL_TABLE } from "../../src/server/refusal_table.ts";
import { CURRENT_MS, Refusals } from "../../src/server/refusals.ts";
import { sleep } from "../support/runtime.ts";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

describe("refusals", () => {
  it("are counted by reason, and current for a minute", () => {
    let now = 5;
    const refusals = new Refusals(() => now);
    assertEquals(refusals.all().map(({ reason }) => reason), [...REFUSAL_REASONS]);
    assertEquals([...refusals.current], []);
    assert(
      refusals.all().every(({ count, lastMsAgo, isCurrent }) =>
        count === 0 && lastMsAgo === null && !isCurrent
      ),
    );
    refusals.refused("disk", "10.0.0.1:5");
    now += 1000;
    refusals.refused("disk", null);
    refusals.refused("token", null);
    assertEquals([refusals.count("disk"), refusals.count("token"), refusals.count("memory")], [2, 1, 0]);
    assertEquals([...refusals.current], ["disk", "token"]);
    assertEquals([...refusals.shortages], ["disk"]);
    now += CURRENT_MS - 1;
    assertEquals([...refusals.current], ["disk", "token"]);
    assertEquals(refusals.all()[0], { reason: "disk", count: 2, lastMsAgo: CURRENT_MS - 1, isCurrent: true });
    now += 1;
    assertEquals([...refusals.current], []);
    assertEquals(refusals.all()[0], { reason: "disk", count: 2, lastMsAgo: CURRENT_MS, isCurrent: false });
    refusals.refused("disk", null);
    assertEquals([...refusals.current], ["disk"]);
  });

  it("have a row each in the table and in the documentation, and an alert rule", () => {
    const doc = (name: string): string =>
      readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), "utf8");
    const [page, alerts] = [doc("OPERATIONS.md"), doc("alerts.yml")];
    const watched = new Set(
      Array.from(alerts.matchAll(/reason=~?"([^"]+)"/g), ([, reasons]) => reasons.split("|")).flat(),
    );
    for (const reason of REFUSAL_REASONS) {
      assert(REFUSAL_TABLE[reason].what.length > 0 && REFUSAL_TABLE[reason].why.length > 0, reason);
      const row = new RegExp(`^\\| \`${reason}\` \\| (yes)? ?\\|`, "m").exec(page);
      assert(row !== null, `${reason} is not in docs/OPERATIONS.md`);
      assertEquals(row[1] === "yes", isShortage(reason), reason);
      assert(watched.delete(reason), `${reason} has no alert rule`);
      assertMatch(reason, /^[a-z]+(?:-[a-z]+)*$/);
    }
    assertEquals([...watched], [], "rules for reasons that do not exist");
    assert(!isShortage("toString") && !isShortage("some-later-reason"));
  });
});

describe("the log of refusals", () => {
  it("prints one line per reason at once, and later how many were not shown", async () => {
    const lines: string[] = [];
    const log = new RefusalLog((line) => void lines.push(line), 200);
    for (let i = 0; i < 1000; i++) log.refused("connections", `10.0.0.1:${i}`);
    log.refused("disk", null);
    assertEquals(lines, [
      `refused a connection from 10.0.0.1:0: ${REFUSAL_TABLE.connections.why}`,
      `refused a job: ${REFUSAL_TABLE.disk.why}`,
    ]);
    const giveUpAt = Date.now() + 60_000;
    while (lines.length < 3 && Date.now() < giveUpAt) await sleep(10);
    assertEquals(
      lines.slice(2),
      [`refused a connection 999 more times in 0.2 s, last from 10.0.0.1:999: ${REFUSAL_TABLE.connections.why}`],
    );
    await sleep(300); // nothing is left to tell
    assertEquals(lines.length, 3);
    log.refused("connections", null);
    assertEquals(lines.at(-1), `refused a connection: ${REFUSAL_TABLE.connections.why}`);
    log.refused("connections", "10.0.0.9:1");
    while (lines.length < 5 && Date.now() < giveUpAt) await sleep(10);
    assertEquals(
      lines.at(-1),
      `refused a connection once more in 0.2 s from 10.0.0.9:1: ${REFUSAL_TABLE.connections.why}`,
    );
  });

  it("stays bounded in a flood that does not end", async () => {
    let lines = 0;
    const log = new RefusalLog(() => void lines++, 100);
    const endAt = Date.now() + 1000;
    while (Date.now() < endAt) {
      for (const reason of REFUSAL_REASONS) for (let i = 0; i < 20; i++) log.refused(reason, "10.0.0.1:1");
      await sleep(1);
    }
    assert(lines >= REFUSAL_REASONS.length * 2, `${lines} lines`);
    assert(lines <= REFUSAL_REASONS.length * 12, `${lines} lines`);
    await sleep(250); // its timers are over
  });
});
