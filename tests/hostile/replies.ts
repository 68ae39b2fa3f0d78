// Checks a long stream of replies against what must come, chunk by chunk, without keeping it.
import { Buffer } from "node:buffer";
import type { WireClient } from "../support/wire_client.ts";

/**
 * The next bytes on the connection must be `period` over and over, `total` bytes in all. Takes the connection's bytes from
 * the WireClient; `matched` says how far they agreed.
 */
export class RepliesExpected {
  readonly #period: Buffer;
  readonly #total: number;
  #matched = 0;
  #differs = false;
  #wake: () => void = () => {};

  constructor(client: WireClient, period: string, total: number) {
    this.#period = Buffer.from(period, "latin1");
    this.#total = total;
    client.socket.removeAllListeners("data").on("data", (bytes: Buffer) => this.#compare(bytes));
  }

  #compare(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#differs;) {
      const from = this.#matched % this.#period.length;
      const length = Math.min(bytes.length - at, this.#period.length - from);
      const same = bytes.subarray(at, at + length).equals(this.#period.subarray(from, from + length));
      if (same) this.#matched += length;
      else this.#differs = true;
      at += length;
    }
    if (this.#differs || this.#matched >= this.#total) this.#wake();
  }

  get matched(): number {
    return this.#matched;
  }

  /** Resolves with "" when all came as they must, else with what went wrong. */
  async whole(ms: number): Promise<string> {
    if (!this.#differs && this.#matched < this.#total) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    if (this.#differs) return `a wrong byte within ${this.#period.length} bytes after byte ${this.#matched}`;
    return this.#matched === this.#total ? "" : `${this.#matched} of ${this.#total} bytes came`;
  }
}
