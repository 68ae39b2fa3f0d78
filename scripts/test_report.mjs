// What a run of tests came to: counted from the JUnit file that each runtime's own runner writes.

import { readFileSync } from "node:fs";

/** The counts of a JUnit file. A run that failed without a failed test, or wrote no file, broke off: one failure. */
export function countsOf(path, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const test of testCases(path)) {
    if (/<(failure|error)\b/.test(test)) counts.failed++;
    else if (/<skipped\b/.test(test)) counts.skipped++;
    else counts.passed++;
  }
  if (counts.failed === 0 && (exitCode !== 0 || counts.passed + counts.skipped === 0)) counts.failed = 1;
  return counts;
}

function testCases(path) {
  try {
    return readFileSync(path, "utf8").match(/<testcase\b(?:[^>"]|"[^"]*")*?(?:\/>|>[^]*?<\/testcase>)/g) ?? [];
  } catch {
    return [];
  }
}

export function describeCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
}

/** The lines of an output that name a failure, each with the beginning of its reason. */
export function failuresIn(output) {
  const lines = output.replaceAll(/\x1b\[[0-9;]*m/g, "").split("\n");
  const isFailure = (line) => /^\s*✖ |^\(fail\)|FAILED|^\s*(error|\w*Error)\b.*:/.test(line);
  const wanted = new Set();
  lines.forEach((line, at) => {
    if (isFailure(line)) { for (let i = at; i < at + 4; i++) wanted.add(i); }
  });
  return [...wanted].slice(0, 120).map((at) => lines[at] ?? "");
}
