// Our own commands in the turns of a server: a list of jobs is the last command that its connection runs in a turn, so that
// many of them in a row do not stop the others.
import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { VirtualClock } from "../../src/adapters/memory/clock.ts";
import { MemoryConnection } from "../../src/adapters/memory/transport.ts";
import { Engine } from "../../src/core/engine.ts";
import { Server } from "../../src/server/server.ts";
import { FACTS } from "../simulation/facts.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Plays all lines at once and tells, turn by turn, how many replies with this beginning came. */
function repliesByTurn(line: string, count: number, beginning: string): number[] {
  const clock = new VirtualClock();
  const facts = { ...FACTS, startedAt: 0, maxJobBytes: 65_535 };
  const server = new Server({ clock, facts, engine: new Engine() });
  clock.endTurn();
  const connection = new MemoryConnection(server.accept);
  connection.write(encoder.encode(`${line}\r\n`.repeat(count)));
  connection.deliver();
  const replies: number[] = [];
  while (clock.endTurn()) {
    const text = decoder.decode(connection.read());
    if (text !== "") replies.push(text.split(beginning).length - 1);
  }
  return replies;
}

describe("our own commands in a turn", () => {
  it("are one list of jobs, and the rest in the next", () => {
    assertEquals(repliesByTurn("list-jobs default ready", 4, "OK 35\r\n"), [1, 1, 1, 1]);
    assertEquals(repliesByTurn("ping", 4, "PONG\r\n"), [4]);
  });
});
