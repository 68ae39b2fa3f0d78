// Cuts a stream of replies into lines where they lie: job bodies are skipped, and only a line that arrived in two
// pieces is copied.

/** Takes one line, bytes[from] up to bytes[end] without CR LF, and returns how many bytes after it to skip. */
export type TakeLine = (bytes: Uint8Array, from: number, end: number, now: number) => number;

const LINE_FEED = 10;
// No reply line but a long error comes near to this; what is longer is cut, and told as unexpected.
const LONGEST_LINE = 256;

export class ReplyLines {
  readonly #take: TakeLine;
  #skip = 0;
  readonly #begun: Uint8Array = new Uint8Array(LONGEST_LINE);
  #begunBytes = 0;

  constructor(take: TakeLine) {
    this.#take = take;
  }

  /** True while a body has not wholly arrived. */
  get insideBody(): boolean {
    return this.#skip > 0;
  }

  push(bytes: Uint8Array, length: number, now: number): void {
    let at = 0;
    while (at < length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      let end = at;
      while (end < length && bytes[end] !== LINE_FEED) end++;
      if (end === length || this.#begunBytes > 0) {
        for (let i = at; i < end; i++) this.#begun[this.#begunBytes++ & (LONGEST_LINE - 1)] = bytes[i];
        if (end === length) return;
        const begunBytes = this.#begunBytes;
        this.#begunBytes = 0;
        this.#skip = this.#take(this.#begun, 0, begunBytes - 1, now);
      } else {
        this.#skip = this.#take(bytes, at, end - 1, now);
      }
      at = end + 1;
    }
  }
}
