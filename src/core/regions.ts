// Memory for tables and slabs: blocks of one size, cut from large buffers called regions.
//
// A runtime whose array buffers come from malloc gives a freed one back to the system only when it was so large that it
// had been mapped by itself: with glibc above 32 MiB for certain, below that as it happens. So all but the first two
// regions are larger than that. What is not yet used of a region is not touched and costs nothing. Blocks come from the
// oldest region with room, so that the later ones run empty; an empty region is given back at once. The small ones are
// kept, since a queue of large bodies that comes and goes would have their memory cleared by the system again and again.

import { takeBuffer } from "./allocation.ts";
import { REGION_BYTES } from "./limits.ts";

/** A region may be this many times as large as all that is held already: a small queue stays small. */
const GROWTH = 8;

/** Smaller regions than this are kept when they are empty. */
const SMALL_BYTES = REGION_BYTES / 2;

/** Bytes back to the system at once where the runtime can (ES2024 transfer), else when the garbage is collected. */
export function release(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && typeof buffer.transfer === "function") buffer.transfer(0);
}

class Region {
  readonly buffer: ArrayBuffer;
  /** Its place in the list of regions. */
  readonly place: number;
  readonly blocks: number;
  used = 0;
  private readonly freed: number[] = [];
  private fresh = 0;

  constructor(place: number, blocks: number, blockBytes: number) {
    this.place = place;
    this.blocks = blocks;
    this.buffer = takeBuffer(blocks * blockBytes);
  }

  /** The number of a free block; there must be one. */
  take(): number {
    this.used++;
    return this.freed.pop() ?? this.fresh++;
  }

  giveBack(number: number): void {
    this.used--;
    this.freed.push(number);
  }
}

/** A piece of a region: `buffer` from byte `at` on. Not zeroed when it was used before. */
export interface Block {
  readonly buffer: ArrayBuffer;
  readonly at: number;
  readonly region: number;
}

export class Regions {
  /** Bytes of all blocks, in use or not. */
  heldBytes = 0;
  private readonly blockBytes: number;
  private readonly regions: (Region | undefined)[] = [];
  /** No region before this place has room. */
  private roomFrom = 0;

  /** `blockBytes` is a multiple of eight. */
  constructor(blockBytes: number) {
    this.blockBytes = blockBytes;
  }

  take(): Block {
    const region = this.withRoom();
    const at = region.take() * this.blockBytes;
    return { buffer: region.buffer, at, region: region.place };
  }

  giveBack(block: Block): void {
    const region = this.regions[block.region]!;
    region.giveBack(block.at / this.blockBytes);
    this.roomFrom = Math.min(this.roomFrom, region.place);
    if (region.used > 0 || region.buffer.byteLength < SMALL_BYTES) return;
    this.regions[region.place] = undefined;
    this.heldBytes -= region.buffer.byteLength;
    release(region.buffer);
  }

  /** Whether a block taken instead of this one would lie in an older region. */
  hasRoomBefore(block: Block): boolean {
    return this.findRoom() < block.region;
  }

  private withRoom(): Region {
    const place = this.findRoom();
    const region = this.regions[place] ?? this.add(place);
    this.roomFrom = place;
    return region;
  }

  /** The first place whose region has room or can be created. */
  private findRoom(): number {
    let place = this.roomFrom;
    for (; place < this.regions.length; place++) {
      const region = this.regions[place];
      if (region === undefined || region.used < region.blocks) break;
    }
    return place;
  }

  private add(place: number): Region {
    const bytes = Math.min(REGION_BYTES, this.heldBytes * GROWTH);
    const region = new Region(place, Math.max(1, Math.floor(bytes / this.blockBytes)), this.blockBytes);
    this.regions[place] = region;
    this.heldBytes += region.buffer.byteLength;
    return region;
  }
}
