// What strangers can cost, what a refusal leaves behind, and what a reload or the end of a token does to who is there.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { StrangerLimits } from "../../src/access/limits.ts";
import { sleep } from "../support/runtime.ts";
import { WireClient } from "../support/wire_client.ts";
import { type GuardedServer, guardedServer, identitiesOf, tokenOf } from "./guarded_server.ts";

const TOKENS = `mailer put=mail reserve=mail token=${tokenOf("mailer")}\nops admin=* token=${tokenOf("ops")}`;

async function withServer(
  limits: Partial<StrangerLimits>,
  run: (server: GuardedServer) => Promise<void>,
  { tokens = TOKENS, pretend = null }: { tokens?: string; pretend?: string | null } = {},
): Promise<void> {
  const server = await guardedServer(tokens, limits, pretend);
  try {
    await run(server);
  } finally {
    server.close();
  }
}

async function known({ port }: GuardedServer, name: string): Promise<WireClient> {
  const client = await WireClient.connect(port);
  assertEquals(await client.ask(`auth ${tokenOf(name)}\r\n`), "AUTHENTICATED\r\n");
  return client;
}

/** A client that nobody disturbed works a job. */
async function assertServed(server: GuardedServer): Promise<void> {
  const client = await known(server, "mailer");
  for (
    const [line, reply] of [["use mail\r\n", "USING mail\r\n"], ["watch mail\r\n", "WATCHING 2\r\n"], [
      "ignore default\r\n",
      "WATCHING 1\r\n",
    ]]
  ) {
    assertEquals(await client.ask(line), reply);
  }
  const inserted = await client.ask("put 0 0 60 1\r\nx\r\n");
  const id = inserted.split(" ")[1]?.trim();
  assertEquals(await client.ask("reserve\r\n"), `RESERVED ${id} 1\r\nx\r\n`);
  assertEquals(await client.ask(`delete ${id}\r\n`), "DELETED\r\n");
  client.close();
}

describe("a refused put", () => {
  it("is over when its body is, however it is cut, and nothing of it is run", async () => {
    await withServer({}, async (server) => {
      const client = await known(server, "mailer");
      const body = "quit\r\nput 0 0 1 1\r\n";
      client.send(`put 0 0 60 ${body.length}\r\n${body}\r\nuse mail\r\nput 0 0 60 2\r\nok\r\n`);
      assertEquals(await client.reply(), "UNAUTHORIZED\r\n");
      assertEquals(await client.reply(), "USING mail\r\n");
      assertEquals(await client.reply(), "INSERTED 1\r\n");
      await client.ask("use default\r\n"); // refused
      for (const piece of ["put 0 0 60 6\r", "\nqu", "it\r\n", "\r", "\nping\r\n"]) {
        client.send(piece);
        await sleep(5);
      }
      assertEquals(await client.reply(), "UNAUTHORIZED\r\n");
      assertEquals(await client.reply(), "PONG\r\n");
      client.close();
    });
  });

  it("is UNAUTHORIZED too when it is too big, and BAD_FORMAT as ever when its line is", async () => {
    await withServer({}, async (server) => {
      const client = await known(server, "mailer");
      client.send(
        `put 0 0 60 70000\r\n${
          "x".repeat(70_000)
        }\r\nput 0 0 60 1 x\r\ny\r\nput -1 0 60 8\r\ndelete 1\r\nping\r\n`,
      );
      assertEquals(await client.reply(), "UNAUTHORIZED\r\n");
      assertEquals(await client.reply(), "BAD_FORMAT\r\n");
      assertEquals(await client.reply(), "BAD_FORMAT\r\n");
      assertEquals(await client.reply(), "PONG\r\n");
      assertEquals(server.refused.map(([reason]) => reason), ["unauthorized"]);
      client.close();
    });
  });
});

describe("a refused use", () => {
  it("leaves no tube in use: what follows does not go to the one before", async () => {
    await withServer({}, async (server) => {
      const client = await known(server, "ops");
      await client.ask(`auth ${tokenOf("mailer")}\r\n`);
      assertEquals(await client.ask("use mail\r\n"), "USING mail\r\n");
      assertEquals(await client.ask("use news\r\n"), "UNAUTHORIZED\r\n");
      assertEquals(await client.ask("put 0 0 60 1\r\nx\r\n"), "UNAUTHORIZED\r\n");
      assertEquals(await client.ask("use mail\r\n"), "USING mail\r\n");
      assertEquals(await client.ask("put 0 0 60 1\r\nx\r\n"), "INSERTED 1\r\n");
      client.close();
    });
  });
});

describe("strangers", () => {
  it("may send so many bytes", async () => {
    await withServer({ bytes: 1000 }, async (server) => {
      const stranger = await WireClient.connect(server.port);
      stranger.send("put 0 0 60 1000000000\r\n");
      for (let i = 0; i < 20 && !stranger.ended; i++) {
        stranger.send("x".repeat(200));
        await sleep(5);
      }
      assert(await stranger.closed(), "it is still there");
      const polite = await WireClient.connect(server.port);
      assertEquals(await polite.ask("ping\r\n"), "PONG\r\n");
      assertEquals(await polite.ask(`auth ${tokenOf("ops")}\r\n`), "AUTHENTICATED\r\n");
      assertEquals(await polite.ask(`put 0 0 60 5000\r\n${"x".repeat(5000)}\r\n`), "INSERTED 1\r\n");
      polite.close();
    });
  });

  it("have so much time, whether they are silent or send a byte now and then", async () => {
    await withServer({ ms: 300 }, async (server) => {
      const ops = await known(server, "ops");
      const silent = await WireClient.connect(server.port);
      const slow = await WireClient.connect(server.port);
      const dripping = setInterval(() => slow.send("p"), 20);
      assert(await silent.closed(), "the silent one is still there");
      assert(await slow.closed(), "the slow one is still there");
      clearInterval(dripping);
      assertEquals(await ops.ask("ping\r\n"), "PONG\r\n");
      ops.close();
    });
  });

  it("may try so many tokens on a connection", async () => {
    await withServer({ attempts: 3 }, async (server) => {
      const guesser = await WireClient.connect(server.port);
      for (let i = 0; i < 3; i++) {
        assertEquals(await guesser.ask(`auth ${tokenOf(`${i}`)}\r\n`), "UNAUTHORIZED\r\n");
      }
      assert(await guesser.closed(), "it may go on");
      await assertServed(server);
    });
  });

  it("may try so many tokens from an address, and others do not suffer", async () => {
    await withServer({ attempts: 100, attemptsPerAddress: 5, windowMs: 60_000 }, async (server) => {
      const guesser = await WireClient.connect(server.port);
      for (let i = 0; i < 5; i++) await guesser.ask(`auth ${tokenOf(`${i}`)}\r\n`);
      assertEquals(await guesser.ask(`auth ${tokenOf("ops")}\r\n`), "UNAUTHORIZED\r\n", "even the right one");
      const reasons = server.refused.map(([reason]) => reason);
      assertEquals(reasons, ["token", "token", "token", "token", "token", "attempts"]);
      assertEquals(new Set(server.refused.map(([, peer]) => peer)), new Set(["203.0.113.9"]));
      guesser.close();
    }, { pretend: "203.0.113.9:4711" });
  });

  it("are so many at once; the oldest goes, and who has a token is served", async () => {
    await withServer({ connections: 10, ms: 60_000 }, async (server) => {
      const ops = await known(server, "ops");
      const flood = await Promise.all(Array.from({ length: 300 }, () => WireClient.connect(server.port)));
      await assertServed(server);
      const isAnswered = await Promise.all(flood.slice(-5).map((each) => each.ask("ping\r\n", 2000)));
      assert(isAnswered.every((reply) => reply === "PONG\r\n"), JSON.stringify(isAnswered));
      const isThere = flood.filter((each) => !each.ended).length;
      assert(isThere <= 10, `${isThere} strangers are there`);
      assertEquals(await ops.ask("ping\r\n"), "PONG\r\n");
      for (const each of [...flood, ops]) each.close();
    });
  });
});

describe("a reload", () => {
  it("closes who is no longer known, and gives back what they held", async () => {
    await withServer({}, async (server) => {
      const [mailer, ops] = [await known(server, "mailer"), await known(server, "ops")];
      await mailer.ask("use mail\r\n");
      await mailer.ask("put 0 0 60 1\r\nx\r\n");
      await mailer.ask("watch mail\r\n");
      await mailer.ask("ignore default\r\n");
      assertEquals(await mailer.ask("reserve\r\n"), "RESERVED 1 1\r\nx\r\n");
      server.gate.replace(identitiesOf(`ops admin=* token=${tokenOf("ops")}`));
      assert(await mailer.closed(), "the mailer is still there");
      assert((await ops.ask("stats-job 1\r\n")).includes("state: ready"));
      ops.close();
    });
  });

  it("changes what those who stay may do, and ends a wait that may not go on", async () => {
    await withServer({}, async (server) => {
      const [waiting, putting] = [await known(server, "mailer"), await known(server, "mailer")];
      await waiting.ask("watch mail\r\n");
      await waiting.ask("ignore default\r\n");
      waiting.send("reserve\r\n");
      await putting.ask("use mail\r\n");
      server.gate.replace(identitiesOf(`mailer put=mail read=news token=${tokenOf("mailer")}`));
      assert(await waiting.closed(), "it waits for what it may not have");
      assertEquals(await putting.ask("put 0 0 60 1\r\nx\r\n"), "INSERTED 1\r\n");
      assertEquals(await putting.ask("stats-tube news\r\n"), "NOT_FOUND\r\n");
      assertEquals(await putting.ask("watch mail\r\n"), "UNAUTHORIZED\r\n");
      putting.close();
    });
  });
});

describe("a token that ends", () => {
  it("takes its connections with it, those that wait too", async () => {
    const ends = new Date(Math.ceil(Date.now() / 1000 + 1) * 1000);
    const text = `${TOKENS}\nguest reserve=* put=* token=${tokenOf("guest")} expires=${
      ends.toISOString().replace(/\.\d+/, "")
    }`;
    await withServer({}, async (server) => {
      const [waiting, idle, ops] = [
        await known(server, "guest"),
        await known(server, "guest"),
        await known(server, "ops"),
      ];
      waiting.send("reserve\r\n");
      assert(await waiting.closed(), "the one that waits is still there");
      assert(await idle.closed(), "the idle one is still there");
      assert(Date.now() >= ends.getTime() - 5, "they went too early");
      const late = await WireClient.connect(server.port);
      assertEquals(await late.ask(`auth ${tokenOf("guest")}\r\n`), "UNAUTHORIZED\r\n");
      assertEquals(await ops.ask("ping\r\n"), "PONG\r\n");
      for (const client of [late, ops]) client.close();
    }, { tokens: text });
  });

  it("ends what is streamed under it, and a reload what has changed", async () => {
    await withServer({}, ({ gate }) => {
      const ended: string[] = [];
      const hold = (name: string): () => void =>
        gate.hold(gate.access.named(name)!, () => void ended.push(name));
      hold("mailer");
      hold("ops");
      hold("ops")(); // released
      gate.replace(identitiesOf(TOKENS.replace("put=mail", "put=news")));
      assertEquals(ended, ["mailer"]);
      gate.replace(identitiesOf(TOKENS.replace("ops", "root")));
      assertEquals(ended, ["mailer", "ops"]);
      return Promise.resolve();
    });
  });
});
