// The dashboard, the alert rules and the page on metrics speak of metrics that exist, and the page of all that do.
import { describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { Counters } from "../../src/core/counters.ts";
import { COMMAND_COUNTERS } from "../../src/observe/command_counts.ts";
import { Exposition } from "../../src/observe/exposition.ts";
import { LiveEvents } from "../../src/observe/live_events.ts";
import { writeMetrics } from "../../src/observe/metrics.ts";
import type { Journal } from "../../src/ports/journal.ts";
import { LoopLag } from "../../src/server/loop_lag.ts";
import { Refusals } from "../../src/server/refusals.ts";
import { ExpositionReader } from "../observe/exposition_reader.ts";
import { QueueUnderObservation } from "../observe/queue_under_observation.ts";

const doc = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), "utf8");

/** All metrics of a server with a log, with and without events. */
function exposed(): ExpositionReader {
  const queue = new QueueUnderObservation();
  queue.put();
  const { engine, observation, now } = queue;
  const work = { commits: 1, bytes: 1, syncs: 1, syncMs: 1, longestSyncMs: 1, keptBytes: 1, liveBytes: 1 };
  const journal = { facts: { oldest: 1, current: 1, migrated: 0, written: 1, work } } as unknown as Journal;
  const facts = { version: "1", startedAt: now, cpuMicros: () => ({ user: 1, system: 1 }) };
  const text = new Exposition("prometheus");
  const live = new LiveEvents(engine, observation, now);
  const memory = (): { rss: number; heapUsed: number } => ({ rss: 1, heapUsed: 1 });
  const server = {
    engine,
    journal,
    lag: new LoopLag(),
    refusals: new Refusals(() => 0),
    wallInstant: (instant: number) => instant,
    facts,
  };
  for (const _ of writeMetrics(text, { server, observation, live, runtime: "bun", memory, now: () => now }));
  return new ExpositionReader(text.end(), false);
}

/** Names and label names that expressions use. */
function usedIn(expressions: readonly string[]): string[] {
  return expressions.flatMap((each) => each.match(/\b(?:runnerbean|process)_[a-z_]+/g) ?? []);
}

describe("what the documents say of metrics", () => {
  const metrics = exposed();

  it("the dashboard is JSON whose expressions name metrics and labels that exist", () => {
    const dashboard = JSON.parse(doc("grafana.json"));
    const expressions: string[] = dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) =>
      panel.targets.map(({ expr }) => expr)
    );
    const queries: string[] = dashboard.templating.list.map(({ query }: { query: string }) => query);
    assert(expressions.length > 15);
    checkExpressions([...expressions, ...queries]);
  });

  it("so do the alert rules", () => {
    const expressions = Array.from(doc("alerts.yml").matchAll(/^ {8}expr: (.+)$/gm), ([, expr]) => expr);
    assertEquals(expressions.length, doc("alerts.yml").split("- alert: ").length - 1);
    assert(expressions.length >= 8);
    checkExpressions(expressions);
  });

  it("a wrong name is noticed", () => {
    for (const wrong of ["runnerbean_jobs", 'runnerbean_tube_jobs{status="ready"}', "runnerbean_timeouts"]) {
      let isNoticed = false;
      try {
        checkExpressions([wrong]);
      } catch {
        isNoticed = true;
      }
      assert(isNoticed, wrong);
    }
  });

  it("the page tells of every metric", () => {
    const page = doc("METRICS.md");
    for (const { name } of metrics.families.values()) {
      const suffix = /^runnerbean_(?:tube|binlog)(_[a-z_]+)$/.exec(name)?.[1];
      assert(
        page.includes(name) || (suffix !== undefined && page.includes(`\`${suffix}`)),
        `${name} is not in the page`,
      );
    }
    for (const name of usedIn([page])) {
      assert(
        [...metrics.families.keys()].some((family) => family.startsWith(name)),
        `${name} in the page does not exist`,
      );
    }
  });

  it("every counter of a command is told", () => {
    // Refusals for want of memory are told by reason; see server/refusal_table.ts.
    const others =
      /^(?:jobTimeouts|total.*|ready|reserved|delayed|buried|urgent|sessions|producers|workers|waiting|.*WithoutMemory)$/;
    const counters = Object.keys(new Counters()).filter((name) => !others.test(name));
    assertEquals(COMMAND_COUNTERS.map(([, counter]) => String(counter)).sort(), counters.sort());
  });

  function checkExpressions(expressions: readonly string[]): void {
    const labelsOf = new Map<string, Set<string>>();
    for (const { samples } of metrics.families.values()) {
      for (const { name, labels } of samples) {
        labelsOf.set(name, new Set([...labelsOf.get(name) ?? ["instance"], ...Object.keys(labels)]));
      }
    }
    for (const name of usedIn(expressions)) assert(labelsOf.has(name), `${name} does not exist`);
    for (const expression of expressions) {
      for (
        const [, name, matchers] of expression.matchAll(/\b((?:runnerbean|process)_[a-z_]+)\{([^}]*)\}/g)
      ) {
        for (const [, label] of matchers.matchAll(/([a-z_]+)(?:=~|!~|!=|=)/g)) {
          assert(labelsOf.get(name)!.has(label), `${name} has no label ${label}`);
        }
      }
    }
  }
});
