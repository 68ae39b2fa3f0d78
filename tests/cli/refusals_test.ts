// Each way in which a server refuses something leaves its traces: a line with the peer's address, a key in stats, a counter in
// /metrics, an entry in /v1/server, and `health` says it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { QUIET_MS } from "../../src/cli/refusal_log.ts";
import { REFUSAL_TABLE } from "../../src/server/refusal_table.ts";
import type { RefusalReason } from "../../src/ports/refusals.ts";
import { skipWithoutMount, withSmallDisk } from "../durability/small_disk.ts";
import { sleep } from "../support/runtime.ts";
import { runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { listeningOn, portOf, type RunningProcess, runToEnd, until } from "./run_command.ts";

const LIMIT = { timeout: 120_000 };
const TOKEN = "a-token-of-ops-0123456789";

class Trial {
  readonly process: RunningProcess;
  readonly port: number;
  readonly http: string;
  readonly token: string | null;
  private readonly beganAt = Date.now();

  private constructor(process: RunningProcess, port: number, http: string, token: string | null) {
    this.process = process;
    this.port = port;
    this.http = http;
    this.token = token;
  }

  static async run(
    args: readonly string[],
    work: (trial: Trial) => Promise<void>,
    token: string | null = null,
  ): Promise<void> {
    const process = startProcess([...runnerbeanCommand(), "-p0", "--http", "127.0.0.1:0", ...args], {
      RUNNERBEAN_TOKEN: token ?? "",
    });
    try {
      const port = portOf(await listeningOn(process));
      await until(process, "the HTTP port", () => /HTTP API on (\S+)/.test(process.stdout()));
      const http = /HTTP API on (\S+)/.exec(process.stdout())![1];
      await work(new Trial(process, port, http, token));
    } finally {
      await process.stop();
    }
  }

  /** One line per reason, and another one for each ten seconds that the trial takes. */
  private get mostLines(): number {
    return 1 + Math.ceil(Math.max(0, Date.now() - this.beganAt - QUIET_MS + 1000) / QUIET_MS);
  }

  connect(): Promise<WireClient> {
    return WireClient.connect(this.port);
  }

  async get(path: string): Promise<Response> {
    const headers: Record<string, string> = this.token === null
      ? {}
      : { authorization: `Bearer ${this.token}` };
    return await fetch(this.http + path, { headers });
  }

  health(...flags: string[]): ReturnType<typeof runToEnd> {
    return runToEnd([...runnerbeanCommand(), "health", String(this.port), ...flags], {
      RUNNERBEAN_TOKEN: this.token ?? "",
    });
  }

  /** Asked again while a connection that was just closed still takes the last place. */
  async stats(): Promise<string> {
    for (let left = 500; left > 0; left--, await sleep(20)) {
      const client = await this.connect();
      if (this.token !== null) await client.ask(`auth ${this.token}\r\n`);
      const stats = await client.ask("stats\r\n");
      client.close();
      if (stats !== "") return stats;
    }
    throw new Error("no connection is served");
  }

  /** All traces of refusals for these reasons, at least so many of each, and of no others. */
  async shows(expected: Readonly<Partial<Record<RefusalReason, number>>>, from?: WireClient): Promise<void> {
    const [stats, metrics, server] = [
      await this.stats(),
      await (await this.get("/metrics")).text(),
      await (await this.get("/v1/server")).json() as {
        refusals: { reason: string; count: number; isCurrent: boolean; isShortage: boolean }[];
      },
    ];
    const reasons = Object.keys(expected) as RefusalReason[];
    const refusing = /^refusing: "([^"]*)"$/m.exec(stats)?.[1].split(",");
    assertEquals(refusing?.filter((reason) => reason !== "").sort(), [...reasons].sort());
    assertEquals(server.refusals.map(({ reason }) => reason).sort(), [...reasons].sort());
    for (const reason of reasons) {
      const least = expected[reason]!;
      const count = Number(new RegExp(`^refused-${reason}: (\\d+)$`, "m").exec(stats)?.[1]);
      assert(count >= least, `${count} refusals for ${reason} in stats`);
      const counted = Number(
        new RegExp(`^runnerbean_refusals_total\\{reason="${reason}"\\} (\\d+)$`, "m").exec(metrics)?.[1],
      );
      assert(counted >= least, `${counted} refusals for ${reason} in metrics`);
      const entry = server.refusals.find((each) => each.reason === reason)!;
      assert(entry.count >= least && entry.isCurrent, JSON.stringify(entry));
      assertEquals(entry.isShortage, REFUSAL_TABLE[reason].isShortage);
      const lines = this.linesFor(reason).length;
      assert(lines >= 1 && lines <= this.mostLines, `${lines} lines for ${reason}: ${this.process.stderr()}`);
      assertMatch(
        this.linesFor(reason)[0],
        /^runnerbean: .* from (?:127\.0\.0\.1|::ffff:127\.0\.0\.1)(?::\d+)?(?: \(\w+\))?: /,
      );
    }
    if (from === undefined) return;
    const address = `from 127.0.0.1:${from.socket.localPort}`;
    assert(this.process.stderr().includes(address), `no line has ${address}: ${this.process.stderr()}`);
  }

  linesFor(reason: RefusalReason): string[] {
    const { what, why } = REFUSAL_TABLE[reason];
    return this.process.stderr().split("\n").filter((line) =>
      line.startsWith(`runnerbean: ${what}`) && line.endsWith(why)
    );
  }
}

const put = (bytes: number): string => `put 0 0 60 ${bytes}\r\n${"x".repeat(bytes)}\r\n`;

describe("what is refused", LIMIT, () => {
  it("for lack of memory", LIMIT, async () => {
    await Trial.run(["--max-memory", "20000"], async (trial) => {
      const client = await trial.connect();
      for (let i = 0; i < 60; i++) await client.ask(put(1000));
      await trial.shows({ memory: 20 }, client);
      const { code, stdout } = await trial.health();
      assertEquals([code, stdout.includes("memory: refused a job")], [75, true], stdout);
      assertEquals((await trial.health("--alive")).code, 0);
      const json = await trial.health("--json");
      assertEquals([json.code, JSON.parse(json.stdout).refusing], [75, ["memory"]]);
      client.close();
    });
  });

  it("for too many connections", LIMIT, async () => {
    await Trial.run(["--max-connections", "3"], async (trial) => {
      const clients = [await trial.connect(), await trial.connect()];
      for (const client of clients) assertEquals(await client.ask("ping\r\n"), "PONG\r\n");
      const third = await trial.connect();
      assertEquals(await third.ask("ping\r\n"), "PONG\r\n");
      const refused = await trial.connect();
      assert(await refused.closed(), "a fourth one stays");
      for (let i = 0; i < 20; i++) assert(await (await trial.connect()).closed());
      third.close();
      await trial.shows({ connections: 21 }, refused);
      assertEquals((await trial.health()).code, 75);
      for (const client of clients) client.close();
    });
  });

  it("since it is too large, or the server drains: nobody has to act", LIMIT, async () => {
    await Trial.run(["-z", "100"], async (trial) => {
      const client = await trial.connect();
      for (let i = 0; i < 5; i++) assertEquals(await client.ask(put(101)), "JOB_TOO_BIG\r\n");
      await trial.shows({ "job-size": 5 }, client);
      await client.ask("drain on\r\n");
      for (let i = 0; i < 5; i++) assertEquals(await client.ask(put(1)), "DRAINING\r\n");
      await trial.shows({ "job-size": 5, draining: 5 });
      const { code, stdout } = await trial.health();
      assertEquals([code, stdout.includes("draining: ")], [0, true], stdout);
      client.close();
    });
  });

  it("since it is HTTP or TLS", LIMIT, async () => {
    await Trial.run([], async (trial) => {
      const client = await trial.connect();
      client.send("PROPFIND / HTTP/1.1\r\nput 0 0 60 1\r\nx\r\n");
      assert(await client.closed());
      await trial.shows({ "http-request": 1 }, client);
      for (let i = 0; i < 20; i++) {
        const greeting = await trial.connect();
        greeting.send("\x16\x03\x01");
        assert(await greeting.closed());
      }
      await trial.shows({ "http-request": 1, "tls-greeting": 20 });
      assertEquals((await trial.health()).code, 0);
    });
  });

  it("by access control", LIMIT, async () => {
    const folder = mkdtempSync(join(tmpdir(), "runnerbean-refusals-"));
    const tokens = join(folder, "tokens");
    writeFileSync(tokens, `ops admin=* token=${TOKEN}\nmailer put=mail token=a-token-of-mailer-0123456789\n`);
    try {
      await Trial.run(["--auth", tokens], async (trial) => {
        const client = await trial.connect();
        assertEquals(await client.ask("reserve\r\n"), "UNAUTHORIZED\r\n");
        await trial.shows({ unauthorized: 1 }, client);
        assertEquals(await client.ask("auth no-such-token-0123456789\r\n"), "UNAUTHORIZED\r\n");
        await trial.shows({ unauthorized: 1, token: 1 });
        for (let i = 0; i < 2; i++) await client.ask("auth no-such-token-0123456789\r\n");
        assert(await client.closed());
        await trial.shows({ unauthorized: 1, token: 3, attempts: 1 });
        const stranger = await trial.connect();
        stranger.send("put 0 0 60 8\r\ndelete 1\r\n".repeat(1000));
        await stranger.until(() => stranger.ended, 10_000);
        await trial.shows({ unauthorized: 2, token: 3, attempts: 1, stranger: 1 });
        const response = await fetch(`${trial.http}/v1/tubes`, {
          headers: { authorization: "Bearer wrong-token-0123456789" },
        });
        assertEquals(response.status, 401);
        await trial.shows({ unauthorized: 2, token: 4, attempts: 1, stranger: 1 });
        for (const secret of [TOKEN, "token-of-mailer"]) assert(!trial.process.stderr().includes(secret));
      }, TOKEN);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("for a full disk", { ...LIMIT, skip: skipWithoutMount("tmpfs") }, async () => {
    await withSmallDisk("tmpfs", 2, async (directory) => {
      await Trial.run(["-b", directory, "-s", "131072"], async (trial) => {
        const client = await trial.connect();
        let refused = 0;
        for (let i = 0; i < 2000 && refused < 10; i++) {
          if ((await client.ask(put(5000), 20_000)) === "OUT_OF_MEMORY\r\n") refused++;
        }
        assertEquals(refused, 10);
        await trial.shows({ disk: 10 }, client);
        const { code, stdout } = await trial.health();
        assertEquals([code, stdout.includes("disk: refused a job")], [75, true], stdout);
        assertEquals((await trial.health("--alive")).code, 0);
        client.close();
      });
    });
  });

  it("is not told by a strict server in stats, but elsewhere", LIMIT, async () => {
    await Trial.run(["--strict", "-z", "100"], async (trial) => {
      const client = await trial.connect();
      assertEquals(await client.ask(put(101)), "JOB_TOO_BIG\r\n");
      const stats = await trial.stats();
      assert(!/refus/.test(stats), stats);
      assertMatch(
        await (await trial.get("/metrics")).text(),
        /^runnerbean_refusals_total\{reason="job-size"\} 1$/m,
      );
      assertEquals(trial.linesFor("job-size").length, 1);
      assertEquals((await trial.health()).code, 0);
      client.close();
    });
  });
});
