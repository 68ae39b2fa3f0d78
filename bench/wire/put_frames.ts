// Consecutive put commands, built once: a producer sends stretches of this one buffer and formats nothing.
// The frames repeat with a period, and a whole window more of them follows, so that any stretch of at most
// `window` frames lies in one piece.
import { Buffer } from "node:buffer";

export interface PutSettings {
  readonly bodyBytes: number;
  readonly priorities: number;
  readonly delaySeconds: number;
  readonly ttrSeconds: number;
}

const ONE_PRIORITY = 1024;
const VARIETY = 1024;

export class PutFrames {
  readonly bytes: Uint8Array;
  /** Where frame i begins; the last entry is where all end. */
  readonly starts: Uint32Array;
  /** Frame i + period equals frame i. */
  readonly period: number;

  constructor(settings: PutSettings, window: number) {
    this.period = settings.priorities ? VARIETY : 1;
    const body = bodyOf(settings.bodyBytes);
    const count = this.period + window;
    const frames: Buffer[] = [];
    this.starts = new Uint32Array(count + 1);
    for (let i = 0; i < count; i++) {
      // A walk with a stride that is no divisor visits the priorities in a scattered order.
      const priority = settings.priorities ? ((i % this.period) * 7919) % settings.priorities : ONE_PRIORITY;
      const line =
        `put ${priority} ${settings.delaySeconds} ${settings.ttrSeconds} ${settings.bodyBytes}\r\n`;
      frames.push(Buffer.from(line, "latin1"), body);
      this.starts[i + 1] = this.starts[i] + line.length + body.length;
    }
    this.bytes = Buffer.concat(frames);
  }
}

function bodyOf(size: number): Buffer {
  const body = Buffer.alloc(size + 2);
  for (let i = 0; i < size; i++) body[i] = 97 + (i * 7 + Math.floor(i / 26)) % 26;
  body.write("\r\n", size, "latin1");
  return body;
}
