// Commands on their way out: gathered into one block, so that what is asked for in one turn is one write.

const FIRST_BYTES = 1024;
const encoder = new TextEncoder();

export class SendBuffer {
  length = 0;
  private block: Uint8Array = new Uint8Array(FIRST_BYTES);

  /** Characters of one byte each. */
  text(ascii: string): void {
    this.reserve(ascii.length);
    encoder.encodeInto(ascii, this.block.subarray(this.length));
    this.length += ascii.length;
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.block.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Hands over what was gathered. */
  take(): Uint8Array {
    const taken = this.block.subarray(0, this.length);
    this.block = new Uint8Array(Math.min(this.block.length, 65_536));
    this.length = 0;
    return taken;
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.block.length) return;
    const bigger = new Uint8Array(Math.max(needed, 2 * this.block.length));
    bigger.set(this.block.subarray(0, this.length));
    this.block = bigger;
  }
}
