// Memory that runs out in the server itself: for replies, for input that is kept, for the journal. Connections hear whole replies or
// are closed, the others go on, and what a journal could not be told stops the server.
import { afterEach, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { VirtualClock } from "../../src/adapters/memory/clock.ts";
import { MemoryConnection } from "../../src/adapters/memory/transport.ts";
import { allocations } from "../../src/core/allocation.ts";
import { Engine } from "../../src/core/engine.ts";
import { NoJournal } from "../../src/server/no_journal.ts";
import { Server } from "../../src/server/server.ts";
import { FACTS } from "../simulation/facts.ts";
import { checkInvariants } from "../simulation/invariants.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BODY_BYTES = 300_000;
const BODY = "b".repeat(BODY_BYTES);
const SCRIPT = [
  "watch a\r\nuse a\r\n",
  `put 0 0 60 5\r\nhello\r\nput 5 0 60 ${BODY_BYTES}\r\n${BODY}\r\n`,
  "reserve-with-timeout 0\r\nstats\r\nlist-tubes\r\n",
  `${"list-tube-used\r\n".repeat(300)}`,
  "reserve-with-timeout 0\r\npeek 2\r\n",
  "reserve\r\n" + "list-tube-used\r\n".repeat(50),
];
/** Whole replies, one after the other. */
const REPLIES = new RegExp(
  `^(?:(?:WATCHING|USING|INSERTED) \\w+\\r\\n|(?:TIMED_OUT|OUT_OF_MEMORY|NOT_FOUND)\\r\\n|` +
    `OK \\d+\\r\\n---\\n(?:[^\\r]*\\n)*\\r\\n|(?:RESERVED|FOUND) \\d+ 5\\r\\nhello\\r\\n|(?:RESERVED|FOUND) \\d+ ${BODY_BYTES}\\r\\nb{1000}b*\\r\\n)*$`,
);

class Scene {
  readonly clock = new VirtualClock();
  readonly engine = new Engine();
  failure: Error | null = null;
  readonly server: Server;

  constructor(journal: NoJournal = new NoJournal()) {
    const facts = { ...FACTS, startedAt: 0, maxJobBytes: 1_000_000 };
    const onFailed = (error: Error): void => void (this.failure = error);
    this.server = new Server({ clock: this.clock, facts, engine: this.engine, journal, onFailed });
    this.clock.endTurn();
  }

  connect(): MemoryConnection {
    return new MemoryConnection(this.server.accept);
  }

  ask(connection: MemoryConnection, text: string): string {
    let answer = "";
    if (text !== "") connection.write(encoder.encode(text));
    for (let i = 0; i < 30; i++) {
      connection.deliver();
      this.clock.endTurn();
      answer += decoder.decode(connection.read());
    }
    return answer;
  }
}

/** The n-th allocation from now on fails. Returns what tells whether there was one. */
function fail(nth: number): () => boolean {
  let count = 0;
  allocations.onTake = () => {
    if (++count === nth) throw new RangeError("Array buffer allocation failed");
  };
  return () => count >= nth;
}

describe("a server without memory", () => {
  afterEach(() => void (allocations.onTake = null));

  it("says whole replies or closes that connection, whichever allocation fails", { timeout: 240_000 }, () => {
    let closed = 0;
    let refused = 0;
    let nth = 1;
    for (let hasFailed = true; hasFailed; nth++) {
      const scene = new Scene();
      const [connection, other] = [scene.connect(), scene.connect()];
      const wasReached = fail(nth);
      let answer = "";
      for (const text of SCRIPT) answer += scene.ask(connection, text);
      hasFailed = wasReached();
      allocations.onTake = null;
      assert(REPLIES.test(answer), `allocation ${nth}: ${JSON.stringify(answer.slice(0, 300))}`);
      if (answer.includes("OUT_OF_MEMORY")) refused++;
      if (scene.engine.counters.sessions === 1) closed++;
      assertEquals(
        scene.ask(other, "use b\r\nput 0 0 60 2\r\nhi\r\n").replace(/\d+/g, "N"),
        "USING b\r\nINSERTED N\r\n",
      );
      checkInvariants(scene.engine);
      assertEquals(scene.failure, null);
    }
    console.log(`${nth - 2} allocations: ${closed} closed a connection, ${refused} refused a command`);
    assert(closed > 0 && refused > 0, `${closed} closed, ${refused} refused`);
  });

  it("stops when its journal has no memory for a record, and tells nothing of that turn", () => {
    class Forgetful extends NoJournal {
      override put(): void {
        throw new RangeError("Array buffer allocation failed");
      }
    }
    const scene = new Scene(new Forgetful());
    const connection = scene.connect();
    assertEquals(scene.ask(connection, "put 0 0 60 2\r\nhi\r\n"), "");
    assert(scene.failure !== null && /memory/.test(scene.failure.message), String(scene.failure));
  });
});
