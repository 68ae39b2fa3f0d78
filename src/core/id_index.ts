// Finds a job's row by its id.
//
// Ids are handed out one after the other, so 16 neighbours share a leaf: 16 rows, by the last four bits of the id. A
// directory (see block_directory.ts) finds the leaf of a block of ids. Dense ids cost about five bytes each, and a job
// that outlives all its neighbours at most one leaf.

import { BlockDirectory } from "./block_directory.ts";
import { Float64Column, Rows, Uint32Column } from "./columns.ts";
import type { Column } from "./columns.ts";
import { PAGE_ROWS } from "./limits.ts";

const LEAF_BITS = 4;
const LEAF_ROWS = 1 << LEAF_BITS;
const LEAF_MASK = LEAF_ROWS - 1;
const PAGE_BITS = Math.log2(PAGE_ROWS) + LEAF_BITS;
const PAGE_MASK = (1 << PAGE_BITS) - 1;
const NO_BLOCK = -1;

/** The rows of all leaves, 16 for each. */
class LeafColumn implements Column {
  readonly rowBytes: number = LEAF_ROWS * Uint32Array.BYTES_PER_ELEMENT;
  private readonly pages: Uint32Array[] = [];
  get(entry: number): number {
    return this.pages[entry >>> PAGE_BITS][entry & PAGE_MASK];
  }
  set(entry: number, row: number): void {
    this.pages[entry >>> PAGE_BITS][entry & PAGE_MASK] = row;
  }
  addPage(page: number, buffer: ArrayBuffer, at: number): void {
    this.pages[page] = new Uint32Array(buffer, at, PAGE_ROWS * LEAF_ROWS);
  }
}

export class IdIndex {
  /** Ids in the index. */
  count = 0;
  /** By leaf: its block, its ids in use (a free leaf: the next free one), its rows. A free leaf's rows are all 0. */
  private readonly block = new Float64Column();
  private readonly used = new Uint32Column();
  private readonly rows = new LeafColumn();
  private readonly leaves: Rows = new Rows([this.block, this.used, this.rows], this.used);
  private readonly directory: BlockDirectory = new BlockDirectory(this.block);
  /** The block last asked for: neighbours come one after the other. */
  private lastBlock = NO_BLOCK;
  private lastLeaf = 0;

  /** The row of the job with this id, or 0. Any whole number may be asked for, and Infinity. */
  find(id: number): number {
    const leaf = this.leafOf(Math.floor(id / LEAF_ROWS));
    return leaf === 0 ? 0 : this.rows.get(leaf * LEAF_ROWS + (id & LEAF_MASK));
  }

  /** Puts in an id that is not in, with its row. Throws a RangeError without memory for it; nothing has changed then. */
  insert(id: number, row: number): void {
    const block = Math.floor(id / LEAF_ROWS);
    const leaf = this.leafOf(block) || this.addLeaf(block);
    this.rows.set(leaf * LEAF_ROWS + (id & LEAF_MASK), row);
    this.used.set(leaf, this.used.get(leaf) + 1);
    this.count++;
  }

  /** Takes out an id that is in. */
  remove(id: number): void {
    const block = Math.floor(id / LEAF_ROWS);
    const leaf = this.leafOf(block);
    this.rows.set(leaf * LEAF_ROWS + (id & LEAF_MASK), 0);
    this.count--;
    const left = this.used.get(leaf) - 1;
    this.used.set(leaf, left);
    if (left > 0) return;
    this.lastBlock = NO_BLOCK;
    this.directory.remove(block);
    this.leaves.giveBack(leaf);
  }

  private leafOf(block: number): number {
    if (block === this.lastBlock) return this.lastLeaf;
    const leaf = this.directory.find(block);
    if (leaf === 0) return 0;
    this.lastBlock = block;
    this.lastLeaf = leaf;
    return leaf;
  }

  private addLeaf(block: number): number {
    const leaf = this.leaves.take();
    this.block.set(leaf, block);
    this.used.set(leaf, 0);
    try {
      this.directory.insert(leaf);
    } catch (error) {
      this.leaves.giveBack(leaf);
      throw error;
    }
    this.lastBlock = block;
    this.lastLeaf = leaf;
    return leaf;
  }
}
