// What a load counts, over all its connections.
import { Buffer } from "node:buffer";
import { Histogram } from "../support/histogram.ts";

/** The commands of a load, as they are noted for each command in flight. */
export const PUT = 0;
export const RESERVE = 1;
export const DELETE = 2;
export const KINDS: readonly string[] = ["put", "reserve", "delete"];

const EXAMPLES = 3;

export class LoadTally {
  readonly latency: Histogram = new Histogram();
  readonly latencyOf: readonly Histogram[] = KINDS.map(() => new Histogram());
  replies = 0;
  jobs = 0;
  timedOut = 0;
  unexpected = 0;
  readonly unexpectedText: string[] = [];
  bytesIn = 0;
  bytesOut = 0;

  answered(kind: number, ms: number): void {
    this.replies++;
    this.latency.add(ms);
    this.latencyOf[kind].add(ms);
  }

  surprise(what: string, bytes: Uint8Array, from: number, end: number): void {
    this.unexpected++;
    if (this.unexpectedText.length >= EXAMPLES) return;
    const text = Buffer.from(bytes.slice(from, Math.min(end, from + 100))).toString("latin1");
    this.unexpectedText.push(`${what}: ${text.replace(/[^ -~]/g, ".")}`);
  }
}
