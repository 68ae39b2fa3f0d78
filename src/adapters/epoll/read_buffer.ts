// The buffer that all connections of a process read into, one after the other: what is in it is lent.

const BYTES = 65_536;
/** Views up to this long are made once: most chunks are a command. */
const KEPT_VIEW_BYTES = 512;

export class ReadBuffer {
  readonly bytes: Uint8Array = new Uint8Array(BYTES);
  private readonly views: (Uint8Array | undefined)[] = new Array(KEPT_VIEW_BYTES + 1).fill(undefined);

  /** Its first bytes. */
  first(count: number): Uint8Array {
    if (count > KEPT_VIEW_BYTES) return this.bytes.subarray(0, count);
    return this.views[count] ??= this.bytes.subarray(0, count);
  }
}
