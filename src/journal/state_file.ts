// The file `state` of a log's directory: what must be known of the log's end from another place than its end. Without it a log
// whose last segment was removed, or that was closed in good order and then cut, looks like one that ended there.
//
// Two slots, written in turn and each synced before anything relies on it: of a slot that was torn the other one is left.
// Each says what was true when it was written and stays true: there is a segment of that number, all up to that position is on
// the disk, no id below that one may be used again. So an older slot claims less, never too much.

import type { Files, OpenFile } from "../ports/files.ts";
import { type ClockStep, ClockSteps, MOST_STEPS } from "./clock_steps.ts";
import { isNoRoom } from "./spares.ts";
import { IDENTITY_BYTES } from "./segment.ts";

export const STATE_NAME = "state";

const MAGIC = new Uint8Array([0x52, 0x55, 0x4e, 0x53, 0x54, 0x41, 0x54, 0x45]); // RUNSTATE
const STATE_VERSION = 1;
const SLOT_BYTES = 512;
/** Slots lie in blocks of their own, whatever the disk takes for one. */
const SLOT_SPACING = 4096;
const SLOTS = 2;
const FILE_BYTES = (SLOTS - 1) * SLOT_SPACING + SLOT_BYTES;
const CRC_AT = SLOT_BYTES - 4;
const STEPS_AT = 84;
const STEP_BYTES = 16;
const FLAG_CLOSED = 1;

/** What is known of the end of a log. */
export interface KnownEnd {
  /** The log was closed in good order, and nothing was written after that. */
  readonly isClosed: boolean;
  /** The highest segment that was begun; 0 = none. */
  readonly highest: number;
  /** Position up to which everything was on the disk. */
  readonly durable: number;
  /** Position of the next record. */
  readonly position: number;
  /** All ids below this may have been used. */
  readonly nextId: number;
  /** The machine's wall clock, in milliseconds since 1970. */
  readonly at: number;
}

export interface LogState extends KnownEnd {
  /** Rises with each writing. */
  readonly sequence: number;
  /** Of the queue, as in its segments. */
  readonly identity: Uint8Array;
  readonly steps: readonly ClockStep[];
}

/** missing: never written to its end. garbage: it was written, or is another program's file, and neither slot verifies. */
export function readState(files: Files): LogState | "missing" | "garbage" {
  if (!files.list().includes(STATE_NAME)) return "missing";
  const file = files.open(STATE_NAME, "read");
  try {
    let best: LogState | null = null;
    let emptySlots = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      const bytes = new Uint8Array(SLOT_BYTES);
      file.read(bytes, slot * SLOT_SPACING);
      const state = decodeSlot(bytes, files);
      if (state !== null && (best === null || state.sequence > best.sequence)) best = state;
      if (bytes.every((byte) => byte === 0)) emptySlots++;
    }
    if (best !== null) return best;
    // Its zeros come first, and then one slot, which may be torn.
    const isUnfinished = file.size === FILE_BYTES
      ? emptySlots > 0
      : emptySlots === SLOTS && file.size < FILE_BYTES;
    return isUnfinished ? "missing" : "garbage";
  } finally {
    file.close();
  }
}

function decodeSlot(bytes: Uint8Array, files: Files): LogState | null {
  const view = new DataView(bytes.buffer);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return null;
  if (view.getUint32(CRC_AT, true) !== files.checksum(bytes.subarray(0, CRC_AT), 0)) return null;
  const count = view.getUint32(80, true);
  if (view.getUint32(8, true) !== STATE_VERSION || count > MOST_STEPS) return null;
  const steps = Array.from({ length: count }, (_, i) => ({
    before: view.getFloat64(STEPS_AT + i * STEP_BYTES, true),
    by: view.getFloat64(STEPS_AT + i * STEP_BYTES + 8, true),
  }));
  return {
    isClosed: (view.getUint32(12, true) & FLAG_CLOSED) !== 0,
    sequence: view.getFloat64(16, true),
    identity: bytes.slice(24, 24 + IDENTITY_BYTES),
    highest: view.getFloat64(40, true),
    durable: view.getFloat64(48, true),
    position: view.getFloat64(56, true),
    nextId: view.getFloat64(64, true),
    at: view.getFloat64(72, true),
    steps,
  };
}

function encodeSlot(state: LogState, files: Files): Uint8Array {
  const bytes = new Uint8Array(SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, STATE_VERSION, true);
  view.setUint32(12, state.isClosed ? FLAG_CLOSED : 0, true);
  view.setFloat64(16, state.sequence, true);
  bytes.set(state.identity, 24);
  view.setFloat64(40, state.highest, true);
  view.setFloat64(48, state.durable, true);
  view.setFloat64(56, state.position, true);
  view.setFloat64(64, state.nextId, true);
  view.setFloat64(72, state.at, true);
  view.setUint32(80, state.steps.length, true);
  state.steps.forEach(({ before, by }, i) => {
    view.setFloat64(STEPS_AT + i * STEP_BYTES, before, true);
    view.setFloat64(STEPS_AT + i * STEP_BYTES + 8, by, true);
  });
  view.setUint32(CRC_AT, files.checksum(bytes.subarray(0, CRC_AT), 0), true);
  return bytes;
}

/** The state of a running log. One write and one sync of a block per change; its room is taken once. */
export class StateFile {
  readonly steps: ClockSteps;
  private readonly files: Files;
  private readonly identity: Uint8Array;
  private file: OpenFile | null = null;
  private sequence: number;
  /** What both slots say of the clock's steps. */
  private writtenSteps: readonly ClockStep[];

  /** `before`: what was read and holds; without it the file is made or written anew. */
  constructor(files: Files, identity: Uint8Array, before: LogState | null) {
    this.files = files;
    this.identity = identity;
    this.steps = new ClockSteps(before?.steps);
    this.writtenSteps = this.steps.all;
    const found = before ?? readState(files);
    this.sequence = typeof found === "string" ? 0 : found.sequence;
    if (before !== null) this.file = files.open(STATE_NAME, "write");
  }

  /** There is such a file. Segments say so in their header. */
  get isKept(): boolean {
    return this.file !== null;
  }

  /**
   * Says how the log stands; it is on the disk when this returns. Without a file one is made. False: the disk has no room, as for a
   * file system that takes new blocks for overwritten ones; what stood there before claims less, which is no harm.
   */
  write(end: KnownEnd): boolean {
    this.file ??= this.create();
    if (this.file === null) return false;
    const state = { ...end, identity: this.identity, steps: this.steps.all };
    if (!this.writeSlot(this.file, state)) return false;
    // An older slot claims less, but without a step it would say other instants: both have all steps.
    if (isSame(state.steps, this.writtenSteps)) return true;
    if (!this.writeSlot(this.file, state)) return false;
    this.writtenSteps = state.steps;
    return true;
  }

  private writeSlot(file: OpenFile, state: Omit<LogState, "sequence">): boolean {
    const sequence = this.sequence + 1;
    const slot = encodeSlot({ ...state, sequence }, this.files);
    try {
      file.write([slot], sequence % SLOTS * SLOT_SPACING);
    } catch (error) {
      if (isNoRoom(error)) return false;
      throw error;
    }
    file.sync();
    this.sequence = sequence;
    return true;
  }

  close(): void {
    this.file?.close();
    this.file = null;
  }

  /** Null when the disk has no room: then the log is kept as it was before there were such files. */
  private create(): OpenFile | null {
    const { files } = this;
    const isThere = files.list().includes(STATE_NAME);
    const file = files.open(STATE_NAME, isThere ? "write" : "create");
    try {
      file.write([new Uint8Array(FILE_BYTES)], 0);
      file.sync();
      if (!isThere) files.syncDirectory();
      return file;
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      file.close();
      files.remove(STATE_NAME);
      return null;
    }
  }
}

function isSame(some: readonly ClockStep[], others: readonly ClockStep[]): boolean {
  return some.length === others.length &&
    some.every(({ before, by }, i) => before === others[i].before && by === others[i].by);
}
