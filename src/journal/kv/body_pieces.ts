// Takes a body apart into values for a store, or writes a small one into the value of its job.

import type { BodySink, LiveJob } from "../../ports/journal.ts";
import { PIECE_BYTES } from "./layout.ts";

/** Writes a whole body to one place. */
export class BodyCopy implements BodySink {
  private target: Uint8Array = new Uint8Array(0);
  private at = 0;

  write(job: LiveJob, target: Uint8Array, at: number): void {
    this.target = target;
    this.at = at;
    job.readBody(this);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    this.target.set(source.subarray(from, to), this.at);
    this.at += to - from;
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }
}

/** Cuts a body, without its CR LF, into pieces. What may be kept is not copied. */
export class BodyPieces implements BodySink {
  private pieces: Uint8Array[] = [];
  /** Bytes that are still to come, without the CR LF. */
  private left = 0;
  /** The piece being filled, and how far. */
  private piece: Uint8Array = new Uint8Array(0);
  private filled = 0;

  of(job: LiveJob): Uint8Array[] {
    this.pieces = [];
    this.left = job.bodyBytes - 2;
    this.piece = new Uint8Array(0);
    this.filled = 0;
    job.readBody(this);
    return this.pieces;
  }

  copy(source: Uint8Array, from: number, to: number): void {
    let at = from;
    const end = Math.min(to, from + this.left);
    while (at < end) {
      if (this.filled === this.piece.length) this.begin();
      const next = Math.min(end, at + this.piece.length - this.filled);
      this.piece.set(source.subarray(at, next), this.filled);
      this.filled += next - at;
      this.left -= next - at;
      at = next;
    }
  }

  keep(piece: Uint8Array, length: number): void {
    let at = 0;
    while (this.filled === this.piece.length && this.left >= PIECE_BYTES && length - at >= PIECE_BYTES) {
      this.pieces.push(piece.subarray(at, at += PIECE_BYTES));
      this.left -= PIECE_BYTES;
    }
    this.copy(piece, at, length);
  }

  private begin(): void {
    this.piece = new Uint8Array(Math.min(PIECE_BYTES, this.left));
    this.filled = 0;
    this.pieces.push(this.piece);
  }
}
