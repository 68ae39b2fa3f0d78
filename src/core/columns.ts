// Columns of the job table: one number per row, in pages that come and go without copying the others.
// Invariant: a row may be read or written only while its page exists. Cost: two array reads per access.
//
// Three classes that differ only in the element type, on purpose: with one shared class every access in the queue would
// go through one call site that has seen all element types, which the engines compile to a slow generic access.

import { PAGE_ROWS } from "./limits.ts";
import { Regions } from "./regions.ts";
import type { Block } from "./regions.ts";

const PAGE_BITS = Math.log2(PAGE_ROWS);
const PAGE_MASK = PAGE_ROWS - 1;
/** Gap between the columns of a page: without it all fields of a row fall into one set of the processor's cache. */
const STAGGER_BYTES = 192;

/** Something with one entry per row, in pages. */
export interface Column {
  /** Bytes of an entry. */
  readonly rowBytes: number;
  /** The entries of a page lie in `buffer` from byte `at` on. What stands there may be left from rows that are gone. */
  addPage(page: number, buffer: ArrayBuffer, at: number): void;
}

export class Uint8Column implements Column {
  readonly rowBytes: number = Uint8Array.BYTES_PER_ELEMENT;
  private readonly pages: Uint8Array[] = [];
  get(row: number): number {
    return this.pages[row >>> PAGE_BITS][row & PAGE_MASK];
  }
  set(row: number, value: number): void {
    this.pages[row >>> PAGE_BITS][row & PAGE_MASK] = value;
  }
  addPage(page: number, buffer: ArrayBuffer, at: number): void {
    this.pages[page] = new Uint8Array(buffer, at, PAGE_ROWS);
  }
}

export class Uint32Column implements Column {
  readonly rowBytes: number = Uint32Array.BYTES_PER_ELEMENT;
  private readonly pages: Uint32Array[] = [];
  get(row: number): number {
    return this.pages[row >>> PAGE_BITS][row & PAGE_MASK];
  }
  set(row: number, value: number): void {
    this.pages[row >>> PAGE_BITS][row & PAGE_MASK] = value;
  }
  addPage(page: number, buffer: ArrayBuffer, at: number): void {
    this.pages[page] = new Uint32Array(buffer, at, PAGE_ROWS);
  }
}

export class Float64Column implements Column {
  readonly rowBytes: number = Float64Array.BYTES_PER_ELEMENT;
  private readonly pages: Float64Array[] = [];
  get(row: number): number {
    return this.pages[row >>> PAGE_BITS][row & PAGE_MASK];
  }
  set(row: number, value: number): void {
    this.pages[row >>> PAGE_BITS][row & PAGE_MASK] = value;
  }
  addPage(page: number, buffer: ArrayBuffer, at: number): void {
    this.pages[page] = new Float64Array(buffer, at, PAGE_ROWS);
  }
}

/** Bytes of a column's part of a page, with the gap behind it. */
function pageBytes(column: Column): number {
  return column.rowBytes * PAGE_ROWS + STAGGER_BYTES;
}

/**
 * Hands out row numbers of a table made of columns and takes them back. Row 0 is never handed out: it means "none".
 * New rows come from the lowest page with room, so that high pages run empty and can be dropped.
 */
export class Rows {
  /** Rows in use. */
  count = 0;
  private readonly columns: readonly Column[];
  /** A page is one block, with its part of each column. */
  private readonly regions: Regions;
  private readonly blocks: (Block | undefined)[] = [];
  private readonly nextFree: Uint32Column;
  /** Per page: first row of its chain of freed rows, rows never used yet, rows in use; -1 in use = the page is dropped. */
  private readonly freed: number[] = [];
  private readonly fresh: number[] = [];
  private readonly used: number[] = [];
  /** No page below this number has room. */
  private roomFrom = 0;
  /** One empty page is kept, so that a count that swings about a page's edge does not allocate each time; -1 = none. */
  private emptyPage = -1;

  /** `nextFree` chains freed rows; it may be a column that means something else while the row is in use. */
  constructor(columns: readonly Column[], nextFree: Uint32Column) {
    this.columns = columns;
    this.regions = new Regions(columns.reduce((bytes, column) => bytes + pageBytes(column), 0));
    this.nextFree = nextFree;
  }

  /** Bytes of memory held for rows, in use or not. */
  get heldBytes(): number {
    return this.regions.heldBytes;
  }

  take(): number {
    const page = this.pageWithRoom();
    if (page === this.emptyPage) this.emptyPage = -1;
    this.used[page]++;
    this.count++;
    const row = this.freed[page];
    if (row !== 0) {
      this.freed[page] = this.nextFree.get(row);
      return row;
    }
    return page * PAGE_ROWS + this.fresh[page]++;
  }

  giveBack(row: number): void {
    const page = row >>> PAGE_BITS;
    this.count--;
    this.nextFree.set(row, this.freed[page]);
    this.freed[page] = row;
    if (page < this.roomFrom) this.roomFrom = page;
    if (--this.used[page] === 0) this.keepOneEmpty(page);
  }

  /** Calls back for each row of each page that has ever been handed out, in use or not. */
  each(visit: (row: number) => void): void {
    for (let page = 0; page < this.used.length; page++) {
      if (this.used[page] < 0) continue;
      const end = page * PAGE_ROWS + this.fresh[page];
      for (let row = page === 0 ? 1 : page * PAGE_ROWS; row < end; row++) visit(row);
    }
  }

  /** The first row from `row` on that {@link each} would call back for, or 0. */
  from(row: number): number {
    let candidate = Math.max(row, 1);
    for (let page = candidate >>> PAGE_BITS; page < this.used.length; page++) {
      if (this.used[page] >= 0 && candidate < page * PAGE_ROWS + this.fresh[page]) return candidate;
      candidate = (page + 1) * PAGE_ROWS;
    }
    return 0;
  }

  private keepOneEmpty(page: number): void {
    const other = this.emptyPage;
    this.emptyPage = other < 0 ? page : Math.min(page, other);
    if (other >= 0) this.drop(Math.max(page, other));
    if (!this.regions.hasRoomBefore(this.blocks[this.emptyPage]!)) return;
    // An older region has room for the next page: the region of this one may run empty.
    this.drop(this.emptyPage);
    this.emptyPage = -1;
  }

  private pageWithRoom(): number {
    let page = this.roomFrom;
    while (page < this.used.length && this.used[page] >= 0 && this.isFull(page)) page++;
    if (page >= this.used.length || this.used[page] < 0) this.add(page);
    this.roomFrom = page;
    return page;
  }

  private isFull(page: number): boolean {
    return this.freed[page] === 0 && this.fresh[page] === PAGE_ROWS;
  }

  private add(page: number): void {
    const block = this.regions.take();
    let { at } = block;
    for (const column of this.columns) {
      column.addPage(page, block.buffer, at);
      at += pageBytes(column);
    }
    this.blocks[page] = block;
    this.freed[page] = 0;
    this.fresh[page] = page === 0 ? 1 : 0;
    this.used[page] = 0;
  }

  private drop(page: number): void {
    this.regions.giveBack(this.blocks[page]!);
    this.blocks[page] = undefined;
    this.used[page] = -1;
  }
}
