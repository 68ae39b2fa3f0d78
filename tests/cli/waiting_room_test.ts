// Connections that come before there is a server.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { WaitingRoom } from "../../src/cli/waiting_room.ts";
import type { Peer, Transport } from "../../src/ports/transport.ts";

/** Notes what is done to it, in words; as transport and as peer. */
class Noted implements Transport, Peer {
  readonly notes: string[] = [];
  send(): boolean {
    return true;
  }
  pause = (): void => void this.notes.push("pause");
  resume = (): void => void this.notes.push("resume");
  close = (): void => void this.notes.push("close");
  received = (chunk: Uint8Array): void => void this.notes.push(`received ${new TextDecoder().decode(chunk)}`);
  ended = (): void => void this.notes.push("ended");
  drained = (): void => void this.notes.push("drained");
  closed = (): void => void this.notes.push("closed");
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the waiting room", () => {
  it("reads nothing more before there is a server, and forgets nothing", () => {
    const room = new WaitingRoom();
    const transport = new Noted();
    const guest = room.accept(transport)!;
    const lent = bytes("put");
    guest.received(lent);
    lent.fill(0); // a chunk is only lent
    guest.received(bytes("more"));
    guest.ended();
    assertEquals(transport.notes, ["pause"]);
    const peer = new Noted();
    room.admit(() => peer);
    assertEquals(transport.notes, ["pause", "resume"]);
    guest.drained();
    guest.received(bytes("late"));
    guest.closed();
    assertEquals(peer.notes, [
      "received put",
      "received more",
      "ended",
      "drained",
      "received late",
      "closed",
    ]);
  });

  it("forgets who left, and stands in nobody's way later", () => {
    const room = new WaitingRoom();
    room.accept(new Noted())!.closed();
    let accepted = 0;
    const peer = new Noted();
    const server = (): Peer => {
      accepted++;
      return peer;
    };
    room.admit(server);
    assertEquals(accepted, 0);
    assertEquals(room.accept(new Noted()), peer);
  });

  it("says by which kind of listener each came, before and after", () => {
    const room = new WaitingRoom();
    const kinds: string[] = [];
    room.acceptAs("unix")(new Noted());
    room.accept(new Noted());
    room.admit((_transport, kind) => {
      kinds.push(kind);
      return null;
    });
    room.acceptAs("unix")(new Noted());
    assertEquals(kinds, ["unix", "tcp", "unix"]);
  });

  it("takes only so many, and others when some have left", () => {
    const room = new WaitingRoom(3);
    const guests = Array.from({ length: 3 }, () => room.accept(new Noted())!);
    const tooMany = new Noted();
    assertEquals(room.accept(tooMany), null);
    assertEquals(tooMany.notes, ["close"]);
    guests[1].closed();
    assert(room.accept(new Noted()) !== null);
    assertEquals(room.accept(new Noted()), null);
    // Whoever comes and goes for long leaves nothing behind.
    guests[0].closed();
    for (let i = 0; i < 100; i++) room.accept(new Noted())!.closed();
    let admitted = 0;
    room.admit(() => {
      admitted++;
      return null;
    });
    assertEquals(admitted, 2);
  });

  it("counts whom it turns away, with the reason and the address", () => {
    const told: string[] = [];
    let looks = 0;
    let hasDescriptors = true;
    const refusals = {
      refused: (reason: string, peer: string | null): void => void told.push(`${reason} ${peer}`),
    };
    const room = new WaitingRoom(1, refusals, () => {
      looks++;
      return hasDescriptors;
    });
    const refused = (kind: "tcp" | "unix"): readonly string[] => {
      const transport = Object.assign(new Noted(), {
        peerAddress: kind === "tcp" ? "127.0.0.1:5" as string | null : null,
      });
      const close = transport.close;
      transport.close = (): void => {
        transport.peerAddress = null;
        close();
      };
      assertEquals(room.acceptAs(kind)(transport), null);
      return transport.notes;
    };
    const guest = room.accept(new Noted())!;
    assertEquals([refused("tcp"), refused("unix")], [["close"], ["close"]]);
    guest.closed();
    hasDescriptors = false;
    looks = 0;
    assertEquals(refused("tcp"), ["close"]);
    assertEquals(looks, 2, "after the close its descriptor is looked for");
    hasDescriptors = true;
    assert(room.accept(new Noted()) !== null);
    assertEquals(told, ["connections 127.0.0.1:5", "connections a unix socket", "descriptors 127.0.0.1:5"]);
  });

  it("takes a no of the server's", () => {
    const room = new WaitingRoom();
    const transport = new Noted();
    const guest = room.accept(transport)!;
    guest.received(bytes("put"));
    room.admit(() => null);
    guest.received(bytes("more"));
    guest.closed();
    assertEquals(transport.notes, ["pause"]);
  });
});
