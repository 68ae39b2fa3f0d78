// The clock and the transport in memory keep what their ports promise, and are as strict as they say.

import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { VirtualClock } from "../../src/adapters/memory/clock.ts";
import { MemoryConnection } from "../../src/adapters/memory/transport.ts";
import type { Peer, Transport } from "../../src/ports/transport.ts";
import { latin1 } from "./command.ts";

describe("the virtual clock", () => {
  it("rings when it is moved past the instant and asked, once", () => {
    const clock = new VirtualClock(100);
    let rung = 0;
    clock.wakeAt(200, () => rung++);
    assertEquals(clock.ring(), false);
    clock.moveTo(200);
    assertEquals([rung, clock.ring(), rung, clock.ring()], [0, true, 1, false]);
  });

  it("keeps one wake: the last, or none after Infinity", () => {
    const clock = new VirtualClock();
    const rung: string[] = [];
    clock.wakeAt(1, () => rung.push("first"));
    clock.wakeAt(2, () => rung.push("second"));
    clock.moveTo(5);
    clock.ring();
    clock.wakeAt(6, () => rung.push("third"));
    clock.wakeAt(Infinity, () => rung.push("never"));
    clock.moveTo(10);
    clock.ring();
    assertEquals(rung, ["second"]);
  });

  it("leaves what is asked for at the end of a turn to the next turn", () => {
    const clock = new VirtualClock();
    const order: number[] = [];
    clock.afterTurn(() => {
      order.push(1);
      clock.afterTurn(() => order.push(2));
    });
    assertEquals([clock.endTurn(), [...order]], [true, [1]]);
    assertEquals([clock.endTurn(), [...order], clock.endTurn()], [true, [1, 2], false]);
  });

  it("does not go backwards", () => {
    const clock = new VirtualClock(5);
    assertThrows(() => clock.moveTo(4), RangeError);
    assertThrows(() => clock.moveTo(NaN), RangeError);
  });
});

/** A server's end that writes down what it is told. */
class Listener implements Peer {
  readonly events: string[] = [];
  transport!: Transport;
  kept: Uint8Array = new Uint8Array(0);
  received(chunk: Uint8Array): void {
    this.kept = chunk;
    this.events.push(String.fromCharCode(...chunk));
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
}

function connect(capacityBytes?: number): { listener: Listener; connection: MemoryConnection } {
  const listener = new Listener();
  const connection = new MemoryConnection((transport) => {
    listener.transport = transport;
    return listener;
  }, capacityBytes);
  return { listener, connection };
}

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

describe("the memory transport", () => {
  it("delivers bytes in chunks cut and merged as its owner likes, and takes the lent chunk back", () => {
    const { listener, connection } = connect();
    connection.write(latin1("abc"));
    connection.write(latin1("defg"));
    assertEquals(listener.events, []);
    assertEquals([connection.deliver(2), connection.underway, connection.deliver(), connection.deliver()], [
      2,
      5,
      5,
      0,
    ]);
    assertEquals(listener.events, ["ab", "cdefg"]);
    assert(text(listener.kept) !== "cdefg", "what was kept of the chunk is still there");
  });

  it("takes replies up to its capacity and holds the buffer beyond", () => {
    const { listener, connection } = connect(5);
    const { transport } = listener;
    const block = latin1("67890");
    assertEquals(transport.send(latin1("12345xx"), 5), true);
    assertEquals(transport.send(block, 5), false);
    assertThrows(() => transport.send(latin1("no"), 2), Error, "held");
    assertEquals([text(connection.read(3)), listener.events], ["123", []]);
    assertEquals([text(connection.read(3)), listener.events], ["45", ["drained"]]);
    block.fill(0);
    assertEquals([connection.unread, text(connection.read())], [5, "67890"]);
  });

  it("passes on a half-close, and nothing after it", () => {
    const { listener, connection } = connect();
    connection.write(latin1("lost"));
    connection.end();
    connection.end();
    assertEquals([connection.deliver(), listener.events], [0, ["ended"]]);
    assertEquals(listener.transport.send(latin1("late"), 4), true);
    assertEquals(text(connection.read()), "late");
  });

  it("tells the server of a close once, and swallows what it still sends", () => {
    const { listener, connection } = connect(1);
    assertEquals(listener.transport.send(latin1("held"), 4), false);
    connection.close();
    connection.close();
    connection.read();
    assertEquals(listener.events, ["closed"]);
    connection.read();
    assertEquals(listener.transport.send(latin1("more"), 4), true);
    assertEquals(connection.unread, 0);
  });

  it("lets what was sent be read after the server has closed", () => {
    const { listener, connection } = connect();
    listener.transport.send(latin1("bye"), 3);
    listener.transport.close();
    assertEquals([connection.isClosedByServer, connection.deliver(), text(connection.read())], [
      true,
      0,
      "bye",
    ]);
    assertEquals(listener.events, []);
    connection.close();
    assertEquals(listener.events, ["closed"]);
  });

  it("shows a pause that the server asks for", () => {
    const { listener, connection } = connect();
    listener.transport.pause();
    assertEquals(connection.isPaused, true);
    listener.transport.resume();
    assertEquals(connection.isPaused, false);
  });
});
