// A growable list of row numbers: the storage of heaps. Starts with a few entries, since there are many small ones, and
// grows by doubling up to a page and by whole pages beyond, so that no growth copies more than one page.

import { takeWords } from "./allocation.ts";
import { PAGE_ROWS } from "./limits.ts";
import { release } from "./regions.ts";

const PAGE_BITS = Math.log2(PAGE_ROWS);
const PAGE_MASK = PAGE_ROWS - 1;
const SMALLEST = 4;
const KEPT_WHEN_EMPTY = 64;
const NO_ROWS = new Uint32Array(0);

export class RowVector {
  length = 0;
  private readonly pages: Uint32Array[] = [];

  get(index: number): number {
    return this.pages[index >>> PAGE_BITS][index & PAGE_MASK];
  }

  set(index: number, row: number): void {
    this.pages[index >>> PAGE_BITS][index & PAGE_MASK] = row;
  }

  push(row: number): void {
    const page = this.length >>> PAGE_BITS;
    if ((this.length & PAGE_MASK) === (this.pages[page]?.length ?? 0)) this.grow(page);
    this.set(this.length++, row);
  }

  /** Takes the last row off. */
  pop(): number {
    const row = this.get(--this.length);
    if ((this.length & PAGE_MASK) === 0) this.trim(this.length >>> PAGE_BITS);
    return row;
  }

  private grow(page: number): void {
    const old = this.pages[page] ?? NO_ROWS;
    const bigger = takeWords(
      page === 0 ? Math.min(PAGE_ROWS, Math.max(SMALLEST, old.length * 2)) : PAGE_ROWS,
    );
    bigger.set(old);
    this.pages[page] = bigger;
  }

  /** Drops all pages but one empty one; a list that ran empty goes back to small storage, as there are many lists. */
  private trim(emptyPage: number): void {
    while (this.pages.length > emptyPage + 1) release(this.pages.pop()!.buffer);
    if (this.length === 0 && this.pages[0].length > KEPT_WHEN_EMPTY) this.pages.pop();
  }
}
