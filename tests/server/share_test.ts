// A connection's share of a turn is work, not commands; long lists of tubes are written in pieces, and say what they said.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { VirtualClock } from "../../src/adapters/memory/clock.ts";
import { MemoryConnection } from "../../src/adapters/memory/transport.ts";
import { Engine } from "../../src/core/engine.ts";
import { COMMANDS_PER_TURN, MOVES_PER_CALL } from "../../src/core/limits.ts";
import { Server } from "../../src/server/server.ts";
import { LISTED_AT_ONCE } from "../../src/server/tube_listing.ts";
import { FACTS } from "../simulation/facts.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Scene {
  readonly clock = new VirtualClock();
  readonly engine: Engine;
  readonly server: Server;

  constructor(maxMemoryBytes: number = Infinity) {
    this.engine = new Engine({ maxMemoryBytes });
    const facts = { ...FACTS, startedAt: 0, maxJobBytes: 65_535 };
    this.server = new Server({ clock: this.clock, facts, engine: this.engine });
    this.clock.endTurn();
  }

  connect(): MemoryConnection {
    return new MemoryConnection(this.server.accept);
  }

  /** Sends, and returns what is answered in each turn until nothing is left to do. */
  turns(connection: MemoryConnection, text: string): string[] {
    const answers: string[] = [];
    connection.write(encoder.encode(text));
    for (let idle = 0; idle < 3;) {
      connection.deliver();
      const isMore = this.clock.endTurn();
      const answer = decoder.decode(connection.read());
      if (answer !== "") answers.push(answer);
      idle = isMore || answer !== "" ? 0 : idle + 1;
    }
    return answers;
  }

  ask(connection: MemoryConnection, text: string): string {
    return this.turns(connection, text).join("");
  }

  watchMany(connection: MemoryConnection, count: number): void {
    for (let from = 0; from < count; from += 1000) {
      let text = "";
      for (let i = from; i < Math.min(count, from + 1000); i++) text += `watch tube-${i}\r\n`;
      this.ask(connection, text);
    }
  }
}

/** How many replies came in the fullest turn. */
function mostInATurn(answers: readonly string[]): number {
  return Math.max(...answers.map((answer) => answer.split("\r\n").length - 1));
}

describe("a connection's share of a turn", () => {
  it("is a number of commands, when they cost the usual", () => {
    const scene = new Scene();
    const answers = scene.turns(scene.connect(), "reserve-with-timeout 0\r\n".repeat(300));
    assertEquals(mostInATurn(answers), COMMANDS_PER_TURN);
  });

  it("is fewer reserves the more tubes are looked at", () => {
    const scene = new Scene();
    const connection = scene.connect();
    scene.watchMany(connection, 1000);
    const answers = scene.turns(connection, "reserve-with-timeout 0\r\n".repeat(20));
    assert(mostInATurn(answers) <= 4, `${mostInATurn(answers)} in a turn`);
    assertEquals(answers.join(""), "TIMED_OUT\r\n".repeat(20));
  });

  it("is all of them again where an index spares the looks", () => {
    const scene = new Scene();
    const connection = scene.connect();
    scene.watchMany(connection, 3000);
    const answers = scene.turns(connection, "reserve-with-timeout 0\r\n".repeat(300));
    assertEquals(mostInATurn(answers), COMMANDS_PER_TURN);
  });

  it("is one large kick", () => {
    const scene = new Scene();
    const connection = scene.connect();
    const count = 3 * MOVES_PER_CALL;
    scene.ask(connection, "put 0 1000 60 0\r\n\r\n".repeat(count));
    const answers = scene.turns(connection, `kick ${MOVES_PER_CALL}\r\n`.repeat(3));
    assertEquals([mostInATurn(answers), answers.join("")], [1, `KICKED ${MOVES_PER_CALL}\r\n`.repeat(3)]);
  });
});

describe("a list of tubes", () => {
  for (const count of [LISTED_AT_ONCE - 1, LISTED_AT_ONCE, 3 * LISTED_AT_ONCE + 1]) {
    it(`of ${count} says what it says in one piece`, () => {
      const scene = new Scene();
      const connection = scene.connect();
      scene.watchMany(connection, count);
      let document = "---\n- default\n";
      for (let i = 0; i < count; i++) document += `- tube-${i}\n`;
      const expected = `OK ${document.length}\r\n${document}\r\n`;
      for (const line of ["list-tubes", "list-tubes-watched"]) {
        const answers = scene.turns(connection, `${line}\r\nlist-tube-used\r\n`);
        assertEquals(answers.join(""), `${expected}USING default\r\n`);
        if (count > 2 * LISTED_AT_ONCE) assert(answers.length > 2, "it came in pieces");
      }
    });
  }

  it("is what it was when it was asked for, whoever comes and goes meanwhile", () => {
    const scene = new Scene();
    const [watcher, asker] = [scene.connect(), scene.connect()];
    const count = 2 * LISTED_AT_ONCE;
    scene.watchMany(watcher, count);
    asker.write(encoder.encode("list-tubes\r\n"));
    asker.deliver();
    watcher.write(encoder.encode("ignore tube-5\r\nignore tube-6\r\nwatch another\r\n"));
    watcher.deliver();
    const answer = scene.ask(asker, "");
    const length = Number(/^OK (\d+)\r\n/.exec(answer)![1]);
    assertEquals(answer.length, `OK ${length}\r\n`.length + length + 2);
    assertEquals(answer.split("\n- ").length - 1, count + 1);
  });
});

describe("--max-memory", () => {
  it("closes connections beyond it, and counts what they keep in buffers", () => {
    const scene = new Scene(1_048_576);
    const connections: MemoryConnection[] = [];
    while (scene.engine.counters.sessionsWithoutMemory === 0) connections.push(scene.connect());
    assert(connections.length > 100, `${connections.length} connections`);
    assertEquals(scene.engine.counters.sessions, connections.length - 1);
    let watches = "";
    for (let i = 0; i < 20; i++) watches += `watch tube-${i}\r\n`;
    const answer = scene.ask(connections[0], `${watches}list-tube-used\r\n`);
    assertEquals(answer.slice(-30), "OUT_OF_MEMORY\r\nUSING default\r\n");
    const { bufferBytes } = scene.engine.memory;
    // Blocked in a reserve, so that what follows is kept.
    connections[1].write(encoder.encode("reserve\r\n" + "list-tube-used\r\n".repeat(1000)));
    connections[1].deliver();
    scene.clock.endTurn();
    assert(
      scene.engine.memory.bufferBytes >= bufferBytes + 10_000,
      `${scene.engine.memory.bufferBytes} bytes`,
    );
    connections[1].end();
    scene.ask(connections[1], "");
    assertEquals(scene.engine.memory.bufferBytes, bufferBytes);
  });
});
