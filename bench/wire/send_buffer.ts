// Commands built by a connection and not yet taken by its socket. Made once; what is unsent moves to the front
// when the end is reached.

const ZERO = 48;
// Longer stretches are copied by the runtime, shorter ones by a loop.
const LOOP_BYTES = 64;
const LONGEST_NUMBER_LINE = 20;

export class SendBuffer {
  readonly bytes: Uint8Array;
  start = 0;
  end = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Forgets bytes that the socket has taken. */
  sent(count: number): void {
    this.start += count;
    if (this.start === this.end) this.start = this.end = 0;
  }

  append(source: Uint8Array, from: number, end: number): void {
    if (this.end + end - from + LONGEST_NUMBER_LINE > this.bytes.length) {
      this.bytes.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    let to = this.end;
    if (end - from > LOOP_BYTES) this.bytes.set(source.subarray(from, end), to);
    else for (let i = from; i < end; i++) this.bytes[to++] = source[i];
    this.end += end - from;
  }

  /** Ends a line that was begun by `append`: a number in decimal digits, CR LF. */
  appendNumberLine(value: number): void {
    let digits = 1;
    for (let power = 10; value >= power; power *= 10) digits++;
    let rest = value;
    for (let at = this.end + digits - 1; at >= this.end; at--) {
      const tenth = Math.floor(rest / 10);
      this.bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.end += digits;
    this.bytes[this.end++] = 13;
    this.bytes[this.end++] = 10;
  }
}
