// Buffers to read into, one in use by each connection that waits for input: it starts with very few bytes and grows to what
// its commands need. Only while input comes faster than that a connection has a large one, borrowed from a common store.

/** The sizes a connection's own buffer goes through. A usual command; a job of a kilobyte with its command. */
const FIRST_BYTES = 256;
const OWN_BYTES = 2048;
const LARGE_BYTES = 65_536;
/** Large ones kept for later; more than these go to the garbage collector. */
const KEPT_LARGE = 64;

/** The large buffers that no connection uses now. */
export type LargeBuffers = Uint8Array<ArrayBuffer>[];

export class ReadBuffer {
  /** Where the next read goes. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  private own: Uint8Array<ArrayBuffer> = this.bytes;
  private readonly spare: LargeBuffers;

  constructor(spare: LargeBuffers) {
    this.spare = spare;
  }

  /** Chooses the next buffer: a read that filled one has left more behind. The last one's bytes are not needed any more. */
  next(count: number): void {
    if (this.bytes !== this.own) {
      if (count === LARGE_BYTES) return;
      if (this.spare.length < KEPT_LARGE) this.spare.push(this.bytes);
      this.bytes = this.own;
    } else if (count < this.own.length) return;
    else if (count < OWN_BYTES) this.bytes = this.own = new Uint8Array(OWN_BYTES);
    else this.bytes = this.spare.pop() ?? new Uint8Array(LARGE_BYTES);
  }
}
