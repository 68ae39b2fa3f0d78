// Sockets by Deno.listen: a read loop per connection, one write at a time.

import type { RefusalReporter } from "../../ports/refusals.ts";
import type { Accept, Address, Listener, Peer, Transport } from "../../ports/transport.ts";
import { acceptPauseMs } from "../accept_failure.ts";
import { abortLater } from "../linger.ts";
import { ReadBuffer } from "./read_buffers.ts";
import type { LargeBuffers } from "./read_buffers.ts";

/** Failures in a row after which the runtime has its turn: what fails at once would keep it from everything else. */
const FAILURES_PER_TURN = 64;

// The part of Deno's interface that is used here, so that the project checks the same with any runtime's types.
interface DenoConn {
  readonly remoteAddr: { readonly hostname?: string; readonly port?: number };
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
  closeWrite(): Promise<void>;
  setNoDelay?(on: boolean): void;
  setKeepAlive?(on: boolean): void;
}

interface DenoListener {
  readonly addr: { readonly port?: number; readonly hostname?: string };
  accept(): Promise<DenoConn>;
  close(): void;
}

interface DenoRuntime {
  listen(
    options: { transport?: "tcp" | "unix"; hostname?: string; port?: number; path?: string },
  ): DenoListener;
  errors: { BadResource: new () => Error; Interrupted: new () => Error };
}

class DenoTransport implements Transport {
  peer: Peer | null = null;
  private readonly conn: DenoConn;
  private isWriting = false;
  private isClosing = false;
  private isClosed = false;
  private isPaused = false;
  private continueReading: (() => void) | null = null;

  constructor(conn: DenoConn) {
    this.conn = conn;
  }

  get peerAddress(): string | null {
    const { hostname, port } = this.conn.remoteAddr;
    return hostname === undefined ? null : `${hostname}:${port}`;
  }

  send(bytes: Uint8Array, length: number): boolean {
    this.isWriting = true;
    this.write(bytes, 0, length);
    return false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.continueReading?.();
    this.continueReading = null;
  }

  close(): void {
    this.isClosing = true;
    if (!this.isWriting) this.finish();
    else abortLater(() => this.finish());
  }

  abort(): void {
    this.finish();
  }

  /** Runs until the connection ends. */
  async read(peer: Peer, spare: LargeBuffers): Promise<void> {
    const buffer = new ReadBuffer(spare);
    while (!this.isClosed) {
      if (this.isPaused) await new Promise<void>((resolve) => (this.continueReading = resolve));
      let count: number | null;
      try {
        count = await this.conn.read(buffer.bytes);
      } catch {
        return this.finish();
      }
      if (count === null) return peer.ended();
      peer.received(buffer.bytes.subarray(0, count)); // what this throws must end the process
      buffer.next(count);
    }
  }

  private write(bytes: Uint8Array, from: number, to: number): void {
    this.conn.write(bytes.subarray(from, to)).then((count) => {
      if (from + count < to) return this.write(bytes, from + count, to);
      this.isWriting = false;
      if (this.isClosing) this.finish();
      else this.peer?.drained();
    }, () => this.finish());
  }

  private finish(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.resume();
    try {
      this.conn.close();
    } catch {
      // it was closed from below
    }
    this.peer?.closed();
  }
}

/** Listens with Deno.listen. */
export function listen(address: Address, accept: Accept, refusals?: RefusalReporter): Promise<Listener> {
  const { Deno } = globalThis as unknown as { Deno: DenoRuntime };
  if (address.kind === "descriptor") return Promise.reject(new Error("Deno.listen cannot take a descriptor"));
  try {
    const listener = address.kind === "unix"
      ? Deno.listen({ transport: "unix", path: address.path })
      : Deno.listen({ hostname: address.host, port: address.port });
    let isOpen = true;
    void acceptAll(listener, accept, () => isOpen, refusals);
    const actual: Address = address.kind === "unix"
      ? address
      : { ...address, port: listener.addr.port ?? address.port };
    const close = (): void => {
      isOpen = false;
      listener.close();
    };
    return Promise.resolve({ address: actual, close });
  } catch (error) {
    return Promise.reject(error);
  }
}

async function acceptAll(
  listener: DenoListener,
  accept: Accept,
  isOpen: () => boolean,
  refusals?: RefusalReporter,
): Promise<void> {
  const spare: LargeBuffers = [];
  let failures = 0;
  while (isOpen()) {
    let conn: DenoConn;
    try {
      conn = await listener.accept();
    } catch (error) {
      const ms = acceptPauseMs(error, ++failures);
      if (ms > 0 && isOpen()) refusals?.refused("descriptors", null);
      if (isOpen() && (ms > 0 || failures % FAILURES_PER_TURN === 0)) await pause(ms);
      continue;
    }
    failures = 0;
    if (!prepare(conn)) continue;
    const transport = new DenoTransport(conn);
    const peer = accept(transport);
    transport.peer = peer;
    if (peer !== null) void transport.read(peer, spare);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** False: the connection was reset meanwhile, and is closed. */
function prepare(conn: DenoConn): boolean {
  try {
    conn.setNoDelay?.(true);
    conn.setKeepAlive?.(true);
    return true;
  } catch {
    conn.close();
    return false;
  }
}
