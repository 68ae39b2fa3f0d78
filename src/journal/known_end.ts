// Holds what the state file knows of a log's end against what the segments show.

import type { Files } from "../ports/files.ts";
import { segmentName } from "./layout.ts";
import type { SegmentHeader } from "./segment.ts";
import { type LogState, readState, STATE_NAME } from "./state_file.ts";

/**
 * known: it holds for this log. none: there is none, or it is older than what a program wrote that knows of no such file. lost: it
 * was there when the newest segment was begun, and is not now. garbage, foreign: it does not verify, or is another log's.
 */
export type StateKind = "known" | "none" | "lost" | "garbage" | "foreign";

export interface FoundState {
  readonly kind: StateKind;
  /** Only when it is known. */
  readonly state: LogState | null;
}

/** Reads the state file. `newest`: the header of the newest segment; null when there is no segment, or its header is bad. */
export function findState(files: Files, newest: SegmentHeader | null): FoundState {
  const read = readState(files);
  const isNeeded = newest !== null && newest.hasState;
  if (typeof read === "string") {
    // In a directory without segments it may be anybody's file of that name.
    if (read === "garbage" && (isNeeded || newest === null)) return { kind: "garbage", state: null };
    return { kind: isNeeded ? "lost" : "none", state: null };
  }
  if (newest === null) return { kind: "known", state: read };
  if (!newest.hasState && newest.number >= read.highest) return { kind: "none", state: null };
  if (newest.identity.some((byte, i) => byte !== read.identity[i])) return { kind: "foreign", state: null };
  return { kind: "known", state: read };
}

/** A contradiction between the state file and the segments. */
export interface EndFault {
  readonly file: string;
  readonly offset: number;
  readonly position: number;
  readonly reason: string;
  readonly bytes: number;
}

/** Where the segments that were read end. */
export interface SeenEnd {
  /** Number of the newest segment that is there; 0 = none is. */
  readonly newest: number;
  /** File and offset where what verifies ends, the position there, and what is wrong with what follows, if anything is. */
  readonly file: string;
  readonly offset: number;
  readonly position: number;
  readonly reason: string | null;
}

/** What proves that something is missing at the end of the log; null when nothing does. */
export function faultAtEnd({ kind, state }: FoundState, seen: SeenEnd): EndFault | null {
  const { newest, file, offset, position, reason } = seen;
  if (kind === "garbage") {
    const what = `neither of its two copies verifies, so nothing shows whether the log's end is missing; ` +
      `if no segment is, move ${STATE_NAME} away and the log opens as it is`;
    return { file: STATE_NAME, offset: 0, position, reason: what, bytes: 0 };
  }
  if (kind === "foreign") {
    const what = "it belongs to the log of another queue";
    return { file: STATE_NAME, offset: 0, position, reason: what, bytes: 0 };
  }
  if (state === null) return null;
  const { highest, durable, isClosed } = state;
  const how = isClosed ? "the log was closed in good order with" : "the log has begun";
  if (newest < highest) {
    const what =
      `the file is missing, though ${how} ${segmentName(highest)} (says the file ${STATE_NAME}); ` +
      `bring back ${
        newest + 1 < highest ? `all from ${segmentName(newest + 1)} on` : "that file"
      } if you have it`;
    return {
      file: segmentName(highest),
      offset: 0,
      position,
      reason: what,
      bytes: Math.max(0, durable - position),
    };
  }
  if (position >= durable) return null;
  const bytes = durable - position;
  const promise = `${isClosed ? "the log was closed in good order" : "the log was on the disk"} ` +
    `up to ${bytes} bytes behind this place (says the file ${STATE_NAME})`;
  const what = reason === null ? `the log ends there, but ${promise}` : `${reason}, but ${promise}`;
  return { file, offset, position, reason: what, bytes };
}
