// One file of a disk in memory: what its readers see, and beside it, for each page that has been changed since the last
// sync, all that the disk may hold there after a power cut.
//
// The disk takes pages in any order, an older or newer version of each, or a page torn between sectors. The length of the
// file is one more thing that may be old or new. Cost: a copy of the page per change.

/** Sectors of a page: each is written as a whole or not at all. */
const SECTORS = 8;

/** How a power cut falls out: numbers in [0, 1). */
export type Chance = () => number;

/** A page's content after the change with this number. */
interface Version {
  readonly at: number;
  readonly bytes: Uint8Array;
  /** The page has a place of its own on the disk. */
  readonly isAllocated: boolean;
}

/** What the disk holds of a page, then what has been written since; `lastAt` is the change that readers see. */
interface DirtyPage {
  versions: Version[];
  lastAt: number;
}

export class DiskFile {
  /** Handles that are open on it, and whether a name leads to it: without either it is no more. */
  handles = 0;
  isNamed = true;
  private readonly pageBytes: number;
  private bytes: Uint8Array;
  private sizes: { readonly at: number; readonly size: number }[] = [{ at: 0, size: 0 }];
  private readonly dirty = new Map<number, DirtyPage>();
  private readonly allocated = new Set<number>();
  private changes = 0;

  constructor(pageBytes: number) {
    this.pageBytes = pageBytes;
    this.bytes = new Uint8Array(pageBytes);
  }

  get size(): number {
    return this.sizes[this.sizes.length - 1].size;
  }

  /** Pages that it takes on the disk. */
  get pages(): number {
    return this.allocated.size;
  }

  /** Whether each page of that stretch has its place on the disk. */
  isAllocated(from: number, to: number): boolean {
    for (let page = Math.floor(from / this.pageBytes); page * this.pageBytes < to; page++) {
      if (!this.allocated.has(page)) return false;
    }
    return true;
  }

  read(into: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(into.length, this.size - position));
    into.set(this.bytes.subarray(position, position + count));
    return count;
  }

  /** Writes as much as there is room for; answers how much that was. */
  write(bytes: Uint8Array, position: number, roomPages: number): number {
    const at = ++this.changes;
    this.makeCapacity(position + bytes.length);
    let done = 0;
    while (done < bytes.length) {
      const page = Math.floor((position + done) / this.pageBytes);
      if (!this.allocated.has(page) && roomPages-- <= 0) break;
      const end = Math.min(bytes.length, (page + 1) * this.pageBytes - position);
      this.change(page, at, true, () => this.bytes.set(bytes.subarray(done, end), position + done));
      done = end;
    }
    if (done > 0) this.setSize(Math.max(this.size, position + done), at);
    return done;
  }

  truncate(size: number): void {
    const at = ++this.changes;
    const former = this.size;
    this.makeCapacity(size);
    for (let page = Math.floor(size / this.pageBytes); page * this.pageBytes < former; page++) {
      const isWhole = page * this.pageBytes >= size;
      const from = Math.max(size, page * this.pageBytes);
      const isAllocated = !isWhole && this.allocated.has(page);
      this.change(page, at, isAllocated, () => this.bytes.fill(0, from, (page + 1) * this.pageBytes));
    }
    this.setSize(size, at);
  }

  /** What a sync that begins now will cover. */
  get stamp(): number {
    return this.changes;
  }

  /** All changes up to the stamp are on the disk. */
  synced(stamp: number): void {
    for (const [page, entry] of this.dirty) {
      const { versions } = entry;
      entry.versions = versions.slice(lastUpTo(versions, stamp));
      if (entry.versions.length === 1 && entry.versions[0].at === entry.lastAt) this.dirty.delete(page);
    }
    this.sizes = this.sizes.slice(lastUpTo(this.sizes, stamp));
  }

  /**
   * A sync failed: what it should have covered may never reach the disk. The system holds those pages for written and
   * forgets that they are not, so that the next sync succeeds without them. Readers see them until the power goes.
   */
  syncFailed(stamp: number): void {
    for (const entry of this.dirty.values()) {
      entry.versions = entry.versions.filter(({ at }, index) => index === 0 || at > stamp);
    }
  }

  /** The power goes: what the disk holds is all there is. */
  powerCut(chance: Chance): void {
    // Mostly some of it has arrived, sometimes all or nothing.
    const arrives = [0, 0.2, 0.6, 0.9, 1][Math.floor(chance() * 5)];
    for (const [page, { versions }] of this.dirty) this.settle(page, versions, arrives, chance);
    this.dirty.clear();
    const { sizes } = this;
    const size = sizes[chance() < arrives ? sizes.length - 1 : Math.floor(chance() * sizes.length)].size;
    this.sizes = [{ at: this.changes, size }];
    this.makeCapacity(size);
    this.bytes.fill(0, size);
    for (const page of this.allocated) if (page * this.pageBytes >= size) this.allocated.delete(page);
  }

  /** One bit turns round, on the disk and in what readers see. */
  flipBit(bit: number): void {
    const position = bit >>> 3;
    const mask = 1 << (bit & 7);
    this.bytes[position] ^= mask;
    const entry = this.dirty.get(Math.floor(position / this.pageBytes));
    for (const { bytes } of entry?.versions ?? []) bytes[position % this.pageBytes] ^= mask;
  }

  private settle(page: number, versions: readonly Version[], arrives: number, chance: Chance): void {
    const { pageBytes } = this;
    const sectorBytes = pageBytes / SECTORS;
    const last = versions.length - 1;
    const isTorn = chance() < 0.25;
    let chosen = versions[chance() < arrives ? last : Math.floor(chance() * versions.length)];
    let isAllocated = chosen.isAllocated;
    for (let sector = 0; sector < pageBytes; sector += sectorBytes) {
      if (isTorn) chosen = versions[chance() < 0.5 ? 0 : Math.floor(chance() * versions.length)];
      isAllocated ||= chosen.isAllocated;
      this.bytes.set(chosen.bytes.subarray(sector, sector + sectorBytes), page * pageBytes + sector);
    }
    if (isAllocated) this.allocated.add(page);
    else this.allocated.delete(page);
  }

  /** Changes a page, and keeps what it was and what it became. */
  private change(page: number, at: number, isAllocated: boolean, act: () => void): void {
    let entry = this.dirty.get(page);
    if (entry === undefined) {
      entry = { versions: [this.version(page, 0, this.allocated.has(page))], lastAt: at };
      this.dirty.set(page, entry);
    }
    act();
    if (isAllocated) this.allocated.add(page);
    else this.allocated.delete(page);
    entry.versions.push(this.version(page, at, isAllocated));
    entry.lastAt = at;
  }

  private version(page: number, at: number, isAllocated: boolean): Version {
    return { at, bytes: this.bytes.slice(page * this.pageBytes, (page + 1) * this.pageBytes), isAllocated };
  }

  private setSize(size: number, at: number): void {
    if (size !== this.size) this.sizes.push({ at, size });
  }

  private makeCapacity(size: number): void {
    const whole = Math.ceil(size / this.pageBytes) * this.pageBytes;
    if (whole <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(whole, 2 * this.bytes.length));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}

/** Index of the last one that is not younger than the stamp; the first of all is older than any. */
function lastUpTo(versions: readonly { readonly at: number }[], stamp: number): number {
  let index = 0;
  while (index + 1 < versions.length && versions[index + 1].at <= stamp) index++;
  return index;
}
