// At the limit of connections: who makes room for a new one, who stays, and what is told of it.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { sha256 } from "../../src/adapters/node/sha256.ts";
import { Access } from "../../src/access/access.ts";
import { Engine } from "../../src/core/mod.ts";
import { describeProcess } from "../../src/library/facts.ts";
import type { Peer, Transport } from "../../src/ports/transport.ts";
import { Gate } from "../../src/server/gate.ts";
import { Refusals } from "../../src/server/refusals.ts";
import { Server, type ServerOptions } from "../../src/server/server.ts";
import { identitiesOf, tokenOf } from "../access/guarded_server.ts";
import { sleep } from "../support/runtime.ts";

const encoder = new TextEncoder();

class Client implements Transport {
  readonly peerAddress: string;
  peer: Peer | null = null;
  /** How it ended. */
  end: "close" | "abort" | null = null;

  constructor(name: string) {
    this.peerAddress = name;
  }

  send(): boolean {
    return true;
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    this.end = "close";
    this.peer?.closed();
  }

  abort(): void {
    this.end = "abort";
    this.peer?.closed();
  }

  say(text: string): void {
    this.peer!.received(encoder.encode(text));
  }
}

class Door {
  readonly told: string[] = [];
  readonly server: Server;

  constructor(options: Partial<ServerOptions>) {
    this.server = new Server({
      engine: new Engine({ seed: 1 }),
      clock: new SystemClock(),
      facts: describeProcess(100, Date.now(), () => this.server.journal.facts),
      maxConnections: 3,
      newcomerGraceMs: 0,
      refusals: new Refusals(() => 0, {
        refused: (reason, address) => void this.told.push(`${reason} ${address}`),
      }),
      ...options,
    });
  }

  open(name: string, said = ""): Client {
    const client = new Client(name);
    client.peer = this.server.accept(client);
    if (said !== "") client.say(said);
    return client;
  }
}

/** Which of three connections ends when a fourth comes; the first says something. */
function whoMakesRoom(said: string, options: Partial<ServerOptions> = {}): string {
  const door = new Door(options);
  const clients = [door.open("first", said), door.open("second"), door.open("third")];
  const fourth = door.open("fourth");
  const ended = [...clients, fourth].filter(({ end }) => end !== null).map(({ peerAddress }) => peerAddress);
  assertEquals(ended.length, 1);
  const told = door.told.filter((line) => line.startsWith("silent "));
  assertEquals(told, [`silent ${ended[0]}`]);
  door.server.stop();
  return ended[0];
}

describe("a new connection at the limit", () => {
  const NOTHING: [string, string][] = [
    ["nothing", ""],
    ["half a line", "list-tubes"],
    ["a line and no body", "put 0 0 60 5\r\n"],
    ["half a body", "put 0 0 60 5\r\nhel"],
    ["a body without its end", "put 0 0 60 5\r\nhello"],
    ["what is no command", "no such thing\r\nnor this\r\n"],
    ["what has the wrong form", "delete x\r\nput 0 0\r\n"],
    ["a body that is too big", `put 0 0 60 101\r\n${"x".repeat(101)}\r\n`],
  ];
  for (const [what, said] of NOTHING) {
    it(`takes the place of the oldest that said ${what}`, () => assertEquals(whoMakesRoom(said), "first"));
  }

  const SOMETHING: [string, string][] = [
    ["asked", "list-tubes\r\n"],
    ["put", "put 0 0 60 5\r\nhello\r\n"],
    ["waits in reserve", "reserve\r\n"],
    ["did something behind garbage", "garbage\r\nuse x\r\n"],
    ["said it in pieces", "us"],
  ];
  for (const [what, said] of SOMETHING) {
    it(`leaves one alone that ${what}`, async () => {
      if (said !== "us") return assertEquals(whoMakesRoom(said), "second");
      const door = new Door({});
      const first = door.open("first", said);
      for (const piece of ["e x\r", "\n"]) {
        await sleep(5); // a turn each
        first.say(piece);
      }
      await sleep(5);
      door.open("second");
      door.open("third");
      door.open("fourth");
      assertEquals([first.end, door.told], [null, ["silent second"]]);
      door.server.stop();
    });
  }

  it("is closed when all have something to do, and served when one has gone", () => {
    const door = new Door({});
    const inside = ["a", "b", "c"].map((name) => door.open(name, "use x\r\n"));
    const late = door.open("late");
    assertEquals([late.peer, late.end, door.told], [null, "close", ["connections late"]]);
    inside[0].peer!.closed();
    assert(door.open("later").peer !== null);
    assertEquals(inside.slice(1).map(({ end }) => end), [null, null]);
    door.server.stop();
  });

  it("takes nobody's place before their time, or where that is not wanted", async () => {
    for (const newcomerGraceMs of [60, undefined]) {
      const door = new Door({ newcomerGraceMs });
      const inside = ["a", "b", "c"].map((name) => door.open(name));
      assertEquals(door.open("early").peer, null);
      await sleep(80);
      assertEquals(door.open("late").peer !== null, newcomerGraceMs === 60);
      assertEquals(inside.filter(({ end }) => end !== null).length, newcomerGraceMs === 60 ? 1 : 0);
      door.server.stop();
    }
  });

  it("under --strict too", () => assertEquals(whoMakesRoom("", { isStrict: true }), "first"));

  it("takes the place of who has not said who it is", () => {
    const gate = (): Gate => new Gate(new Access(identitiesOf(`a put=* token=${tokenOf("a")}\n`), sha256));
    assertEquals(whoMakesRoom("put 0 0 60 1\r\nx\r\n", { gate: gate() }), "first");
    assertEquals(whoMakesRoom("ping\r\n", { gate: gate() }), "first");
    assertEquals(whoMakesRoom(`auth ${tokenOf("nobody")}\r\n`, { gate: gate() }), "first");
    assertEquals(whoMakesRoom(`auth ${tokenOf("a")}\r\n`, { gate: gate() }), "second");
  });

  it("is closed when its descriptor is needed elsewhere, and asked about once more then", () => {
    const answers = [false, true, true];
    const door = new Door({ hasDescriptors: () => answers.shift()! });
    assertEquals(door.open("first").end, "close");
    assertEquals([answers.length, door.told], [1, ["descriptors first"]]);
    assertEquals(door.open("second").end, null);
    door.server.stop();
  });

  it("costs nothing that stays, however many come and go", () => {
    const door = new Door({ maxConnections: 50 });
    for (let i = 0; i < 5000; i++) door.open(`peer ${i}`, i % 3 === 0 ? "half" : "");
    assertEquals(door.told.length, 4950);
    assertEquals(door.server.peers.filter((peer) => peer !== undefined).length, 50);
    assert(door.server.peers.length <= 60, `${door.server.peers.length} places`);
    door.server.stop();
  });
});
