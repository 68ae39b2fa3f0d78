// Endless lines for the parser: valid ones, valid ones damaged in several ways, and noise. Written into one buffer that is used
// again and again, since ten million of them are made.
import { Buffer } from "node:buffer";
import type { Random } from "../support/random.ts";

const NAME = "abcDEF-+/;.$_()019";

const VALID: readonly string[] = [
  "put 0 0 60 0",
  "put 1024 0 60 5",
  "put 4294967295 4294967295 4294967295 300",
  "put 1 2 3 1500",
  "put 0 0 1 65536",
  "reserve",
  "reserve-with-timeout 0",
  "reserve-with-timeout 2147483647",
  "reserve-job 17",
  "delete 1",
  "delete 18446744073709551615",
  "release 5 4294967295 3600",
  "bury 9007199254740991 7",
  "touch 12",
  "watch default",
  `watch ${"w".repeat(200)}`,
  "ignore default",
  `use ${NAME}`,
  "peek 3",
  "peek-ready",
  "peek-delayed",
  "peek-buried",
  "kick 100",
  "kick -1",
  "kick \t +18446744073709551615 and more",
  "kick-job 44",
  "stats",
  "stats-job 8",
  "stats-tube default",
  "list-tubes",
  "list-tube-used",
  "list-tubes-watched",
  "quit",
  "pause-tube default 60",
  `pause-tube ${"p".repeat(200)} 4294967295`,
  "pause-tubeglued 1",
  "truncate default",
  "truncate - ready delayed buried",
  `truncate ${"t".repeat(200)} buried`,
  "delete-tube some",
  "list-jobs default ready",
  "list-jobs - reserved 1000 12:1795262400000.125:9007199254740991",
  `list-jobs ${"j".repeat(200)} ready 10`,
  "capabilities",
  "ping",
  "drain on",
  "drain status",
  "auth !secret~",
  "GET / HTTP/1.1",
  "POST /path HTTP/1.0",
  "",
];

const NUMBERS: readonly string[] = [
  "0",
  "00",
  "-1",
  "+1",
  "4294967295",
  "4294967296",
  "18446744073709551615",
  "18446744073709551616",
  "9007199254740993",
  "0x10",
  "1.5",
  "1e3",
  "99999999999999999999999999",
  " ",
  "\t1",
  "٣",
  "NaN",
];

/** Inserted anywhere: what ends lines, looks like it, or separates. */
const SPLINTERS: readonly string[] = [
  "\r",
  "\n",
  "\n\r",
  "\r\n",
  "\r\r\n",
  "\0",
  " ",
  "  ",
  "\t",
  "\x7f",
  "\xff",
  "put ",
  "\r\nput 0 0 0 9\r\n",
];

/** Line lengths at which the parser's buffer is just not full, full, and just over. */
const EDGES: readonly number[] = [200, 221, 222, 223, 224, 225, 447, 448, 449, 700];

const LONGEST = 1024;
const CR_LF = "\r\n";

export class LineMutations {
  /** The last line made is `bytes[0, length)`, its CR LF included. */
  readonly bytes: Buffer = Buffer.alloc(2 * LONGEST);
  length = 0;
  readonly #random: Random;
  readonly #valid: Buffer[] = VALID.map((line) => Buffer.from(line, "latin1"));

  constructor(random: Random) {
    this.#random = random;
  }

  next(): void {
    const random = this.#random;
    const source = random.pick(this.#valid);
    this.length = source.copy(this.bytes);
    if (random.chance(0.1)) this.#noise();
    else if (random.chance(0.8)) {
      for (let damages = 1 + random.below(3); damages > 0; damages--) this.#damage();
    }
    this.length += this.bytes.write(CR_LF, this.length, "latin1");
  }

  #damage(): void {
    const random = this.#random;
    const at = random.below(this.length + 1);
    switch (random.below(7)) {
      case 0:
        this.bytes[at] ^= 1 << random.below(8);
        return;
      case 1:
        return this.#replace(at, random.below(4), "");
      case 2:
        return this.#replace(at, random.below(3), random.pick(SPLINTERS));
      case 3:
        return this.#replace(at, random.below(6), random.pick(NUMBERS));
      case 4:
        this.length = at;
        return;
      case 5:
        return this.#stretch(at);
      default:
        return this.#replace(at, 0, this.bytes.toString("latin1", 0, Math.min(at, 40)));
    }
  }

  #replace(at: number, gone: number, by: string): void {
    const from = Math.min(at + gone, this.length);
    this.bytes.copy(this.bytes, at + by.length, from, this.length);
    this.bytes.write(by, at, "latin1");
    this.length = Math.min(LONGEST, at + by.length + this.length - from);
  }

  /** Makes the line as long as one of the edges by repeating a byte. */
  #stretch(at: number): void {
    const missing = this.#random.pick(EDGES) - 2 - this.length;
    if (missing <= 0) return;
    this.bytes.copy(this.bytes, at + missing, at, this.length);
    this.bytes.fill(this.#random.pick(["a", "0", " ", "\r"]), at, at + missing, "latin1");
    this.length += missing;
  }

  #noise(): void {
    this.length = this.#random.below(300);
    for (let i = 0; i < this.length; i++) this.bytes[i] = this.#random.below(256);
  }
}
