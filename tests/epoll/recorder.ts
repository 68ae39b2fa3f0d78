// The server's side of connections, for tests of an adapter: writes down what a transport tells.
import { fail } from "@std/assert";
import type { Peer, Transport } from "../../src/ports/transport.ts";
import { sleep } from "../support/runtime.ts";

const PATIENCE_MS = 60_000;

export class RecordedPeer implements Peer {
  readonly transport: Transport;
  /** How each chunk began, as text. */
  text = "";
  bytes = 0;
  /** What happened besides: "ended", "drained", "closed". */
  readonly events: string[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
  }

  received(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.text += String.fromCharCode(...chunk.subarray(0, 100));
  }

  ended(): void {
    this.events.push("ended");
  }

  drained(): void {
    this.events.push("drained");
  }

  closed(): void {
    this.events.push("closed");
  }

  /** Sends a text; true when the system took all of it. */
  say(text: string): boolean {
    const bytes = new TextEncoder().encode(text);
    return this.transport.send(bytes, bytes.length);
  }
}

/** Waits for what must come; fails when it takes too long. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > giveUpAt) fail(`${what}: not in time`);
    await sleep(2);
  }
}
