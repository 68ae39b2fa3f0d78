// What all that a peer in this process asks for has in common.

import { copyBytes } from "../core/copy.ts";
import type { BodyReader } from "../core/bodies.ts";
import type { LocalPeer, LocalTask } from "./local_peer.ts";

/** A task, and who is told of its end. */
export abstract class Task implements LocalTask {
  isOver = false;
  /** Called once, when the outcome may be known. */
  finished: () => void = () => {};
  /** Called once instead: the server failed or was stopped, or the peer was closed; see {@link LocalTask.fail}. */
  failed: (hasServerFailed: boolean, hasRun: boolean) => void = () => {};

  abstract step(peer: LocalPeer, now: number): void;
  abstract reply(peer: LocalPeer, kind: number, number: number): void;

  finish(): void {
    this.finished();
  }

  fail(hasFailed: boolean, hasRun: boolean): void {
    this.failed(hasFailed, hasRun);
  }
}

/** Puts a tube in use, if it is not. False when there is no memory for it: another one stays in use. */
export function useTube(peer: LocalPeer, name: Uint8Array): boolean {
  const { server, session } = peer;
  if (isSame(session.used.name, name)) return true;
  server.engine.use(session, name, 0, name.length);
  server.deliver();
  return isSame(session.used.name, name);
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, i) => byte === b[i]));
}

/** Takes a body without its CR LF. */
class BodyCopy implements BodyReader {
  readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.bytes.length - this.at);
    copyBytes(this.bytes, this.at, source, from, end);
    this.at += end - from;
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }
}

/** The body of a row, without its CR LF. */
export function bodyOf(peer: LocalPeer, row: number): Uint8Array {
  const { engine } = peer.server;
  const copy = new BodyCopy(engine.jobs.bodyBytes.get(row) - 2);
  engine.readBody(row, copy);
  return copy.bytes;
}
