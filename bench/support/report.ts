// What a bench prints: aligned tables on stdout, and one line of JSON per measurement in bench/out/.
import { appendFileSync, mkdirSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { fileURLToPath } from "node:url";
import { type ServerProgram, versionOf } from "./programs.ts";

const OUT_DIR = fileURLToPath(new URL("../out/", import.meta.url));

// A bench wants the machine for itself; this much in the last minute may be what it left behind itself.
const BUSY_LOAD = 1.5;

/** A file of JSON lines named after the bench and the moment it began. */
export class JsonLines {
  readonly path: string;

  constructor(bench: string) {
    mkdirSync(OUT_DIR, { recursive: true });
    const moment = new Date().toISOString().slice(0, 19).replaceAll(":", "");
    this.path = `${OUT_DIR}${bench}-${moment}.jsonl`;
  }

  add(line: object): void {
    appendFileSync(this.path, JSON.stringify(line) + "\n");
  }
}

/** The table as text; the first column is left-aligned, the others right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => column ? cell.padStart(widths[column]) : cell.padEnd(widths[0])).join("  ");
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** What the numbers depend on: the machine, the versions, and whether others are at work on it. */
export function machine(programs: readonly ServerProgram[]): string {
  const versions = programs.map((program) => `${program.name} ${versionOf(program)}`).join(", ");
  const load = loadavg()[0];
  const busy = load > BUSY_LOAD ? " - OTHERS ARE AT WORK, do not trust wall-clock numbers" : "";
  const processors = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}, kernel ${release()}`;
  return `${processors}; ${versions}\nload before: ${load.toFixed(2)}${busy}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits that matter: 0.123, 1.23, 12.3, 123. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export const mebibytes = (bytes: number): string => digits(bytes / 1048576);
