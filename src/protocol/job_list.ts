// The YAML document of list-jobs: where the next page begins, and a job after the other.

import type { Engine } from "../core/engine.ts";
import type { JobPage } from "../core/inspection.ts";
import { DELAYED, RESERVED, STATE_WORDS } from "../core/jobs.ts";
import { cursorText } from "../core/list_cursor.ts";
import type { YamlDocument } from "./document.ts";
import { secondsLeft, wholeSeconds } from "./stats.ts";

export function writeJobs(document: YamlDocument, engine: Engine, page: JobPage, now: number): void {
  document.begin();
  document.quoted("cursor", page.next === null ? "" : cursorText(page.next));
  document.word("cut", String(page.isCut));
  document.line(page.rows.length === 0 ? "jobs: []" : "jobs:");
  for (const row of page.rows) writeJob(document, engine, row, now);
}

function writeJob(document: YamlDocument, { jobs }: Engine, row: number, now: number): void {
  const state = jobs.state.get(row);
  const isTimed = state === RESERVED || state === DELAYED;
  document.field("- id", jobs.id.get(row));
  document.word("  state", STATE_WORDS[state]);
  document.field("  pri", jobs.pri.get(row));
  document.field("  age", wholeSeconds(now - jobs.createdAt.get(row)));
  document.field("  delay", jobs.delayOf(row));
  document.field("  ttr", jobs.ttr.get(row));
  document.field("  time-left", isTimed ? secondsLeft(jobs.deadlineAt.get(row) - now) : 0);
  document.field("  bytes", jobs.bodyBytes.get(row) - 2);
  document.field("  reserves", jobs.reserves.get(row));
  document.field("  timeouts", jobs.timeoutsOf(row));
  document.field("  releases", jobs.releasesOf(row));
  document.field("  buries", jobs.buriesOf(row));
  document.field("  kicks", jobs.kicksOf(row));
}
