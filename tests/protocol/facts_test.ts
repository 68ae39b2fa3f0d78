// Statistics ask the platform and the journal, which may throw: then the reply is INTERNAL_ERROR, whole, and all else goes on.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import { describeProcess } from "../../src/library/facts.ts";
import type { ServerFacts } from "../../src/protocol/stats.ts";
import { FAULT_PAUSE_MS, Server } from "../../src/server/server.ts";
import { LineTask } from "../../src/server/local_line.ts";
import { LocalPeer } from "../../src/server/local_peer.ts";
import { InvariantError } from "../../src/core/assert.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Peer, Transport } from "../../src/ports/transport.ts";

const NO_LOG = { oldest: 0, current: 0, migrated: 0, written: 0 };
const GOOD: ServerFacts = describeProcess(65_535, 0, () => NO_LOG);

/** A clock whose time the test sets; turns end when it says so. */
class TestClock implements Clock {
  time = 1_000_000;
  private due: (() => void)[] = [];
  now = (): number => this.time;
  wakeAt(): void {}
  afterTurn(callback: () => void): void {
    this.due.push(callback);
  }
  afterInput(callback: () => void): void {
    this.due.push(callback);
  }
  /** Ends turns until none is left. */
  settle(): void {
    for (let turns = 0; this.due.length > 0 && turns < 100; turns++) {
      const due = this.due;
      this.due = [];
      for (const callback of due) callback();
    }
  }
}

interface Opened {
  readonly clock: TestClock;
  readonly server: Server;
  readonly faults: [unknown, number][];
  /** What a connection is answered to some lines. */
  say(text: string): string;
  isClosed(): boolean;
}

function open(facts: ServerFacts): Opened {
  const clock = new TestClock();
  const faults: [unknown, number][] = [];
  const server = new Server({
    engine: new Engine(),
    clock,
    facts,
    onFault: (error, unsaid) => void faults.push([error, unsaid]),
  });
  let sent = "";
  let isClosed = false;
  const transport: Transport = {
    send(bytes, length) {
      sent += new TextDecoder().decode(bytes.subarray(0, length));
      return true;
    },
    pause() {},
    resume() {},
    close: () => void (isClosed = true),
  };
  const peer: Peer = server.accept(transport)!;
  return {
    clock,
    server,
    faults,
    say(text) {
      sent = "";
      peer.received(new TextEncoder().encode(text));
      clock.settle();
      return sent;
    },
    isClosed: () => isClosed,
  };
}

/** The good facts with one of them changed to a getter or function that throws. */
function throwing(key: keyof ServerFacts, error: unknown): ServerFacts {
  const fail = (): never => {
    throw error;
  };
  const isFunction = key === "cpuMicros" || key === "binlog";
  return Object.create(GOOD, {
    [key]: isFunction ? { value: fail } : { get: fail },
  }) as ServerFacts;
}

describe("statistics of a platform that throws", () => {
  for (
    const key of [
      "pid",
      "hostname",
      "os",
      "platform",
      "version",
      "instanceId",
      "cpuMicros",
      "binlog",
    ] as const
  ) {
    it(`are INTERNAL_ERROR between whole replies: ${key}`, () => {
      const opened = open(throwing(key, new Error(`no ${key}`)));
      const replies = opened.say("put 0 0 9 1\r\nx\r\nstats\r\nuse a\r\nstats\r\nreserve-with-timeout 0\r\n");
      assertEquals(
        replies,
        "INSERTED 1\r\nINTERNAL_ERROR\r\nUSING a\r\nINTERNAL_ERROR\r\nRESERVED 1 1\r\nx\r\n",
      );
      assertEquals([opened.isClosed(), opened.faults.length], [false, 1]);
      assertEquals((opened.faults[0][0] as Error).message, `no ${key}`);
      opened.server.stop();
    });
  }

  it("are told of once in a while, with how often", () => {
    const opened = open(throwing("hostname", "not even an error"));
    for (let i = 0; i < 50; i++) opened.say("stats\r\n");
    opened.clock.time += FAULT_PAUSE_MS;
    opened.say("stats\r\n");
    assertEquals(opened.faults, [["not even an error", 0], ["not even an error", 49]]);
    opened.server.stop();
  });

  it("are INTERNAL_ERROR for a peer in this process, which goes on", () => {
    const opened = open(throwing("hostname", new Error("no")));
    const { server, clock } = opened;
    let peer: LocalPeer | undefined;
    server.attach((session, number) =>
      peer = new LocalPeer(server, session, null, { number, kind: "local", peerAddress: null })
    );
    const words = ["stats", "list-tubes"].map((line) => {
      const task = new LineTask(line, null);
      peer!.run(task);
      clock.settle();
      return [task.isOver, task.word];
    });
    assertEquals(words, [[true, "INTERNAL_ERROR"], [true, "OK"]]);
    server.stop();
  });

  it("have 0 for what is no number", () => {
    const garbage = { ...GOOD, pid: NaN, cpuMicros: () => ({ user: -1, system: Infinity }) };
    const opened = open({
      ...garbage,
      binlog: () => ({ oldest: 1.5, current: -3, migrated: NaN, written: 2 ** 60, maxBytes: 0 }),
    });
    const text = opened.say("stats\r\n");
    const [, bytes] = /^OK (\d+)\r\n/.exec(text)!;
    assertEquals(text.length, `OK ${bytes}\r\n`.length + Number(bytes) + 2);
    for (
      const line of [
        "pid: 0",
        "rusage-utime: 0.000000",
        "rusage-stime: 0.000000",
        "binlog-oldest-index: 1",
        "binlog-current-index: 0",
        "binlog-records-migrated: 0",
        `binlog-records-written: ${Number.MAX_SAFE_INTEGER}`,
      ]
    ) assert(text.includes(`\n${line}\n`), `${line} in ${text}`);
    opened.server.stop();
  });

  it("still end the process when the queue itself is broken", () => {
    const opened = open(GOOD);
    const broken = new InvariantError("broken invariant: planted");
    Object.defineProperty(opened.server.engine, "counters", {
      get: () => {
        throw broken;
      },
    });
    let thrown: unknown;
    try {
      opened.say("stats\r\n");
    } catch (error) {
      thrown = error;
    }
    assertEquals([thrown, opened.faults.length], [broken, 0]);
  });

  it("have a placeholder for each fact of this process that the platform refuses", () => {
    const facts = describeProcess(65_535, 0, () => {
      throw new Error("a journal of its own");
    });
    assertEquals(facts.binlog(), { ...NO_LOG, maxBytes: 0 });
    assert(facts.hostname !== "" && facts.os !== "" && facts.platform !== "");
  });
});
