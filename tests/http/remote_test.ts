// The API in front of another server: a beanstalkd with what its protocol allows, a Runnerbean with what it adds.
import { describe, it } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import type { ServerProcess } from "../support/server_process.ts";
import { runnerbeanCommand, startProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

const LIMIT = { timeout: 240_000 };

interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

function askAt(origin: string, headers: Record<string, string> = {}): Ask {
  return async (method, path, body) => {
    const answer = await fetch(origin + path, {
      method,
      headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === "" ? null : JSON.parse(text) };
  };
}

/** Starts `runnerbean console` before a server, and stops both. */
async function withConsole(
  server: ServerProcess,
  work: (ask: Ask, wire: WireClient, origin: string) => Promise<void>,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<void> {
  const words = ["console", "--server", `127.0.0.1:${server.port}`, "--http", "127.0.0.1:0", ...flags];
  const console = startProcess([...runnerbeanCommand(), ...words], env);
  try {
    let origin: string | undefined;
    while (origin === undefined) {
      await sleep(20);
      origin = /on (http:\/\/\S+)/.exec(console.stdout())?.[1];
      assertEquals(console.stderr(), "");
    }
    const wire = await WireClient.connect(server.port);
    await work(askAt(origin), wire, origin);
    wire.close();
    console.signal("SIGTERM"); // of a child that is stopped by kill() Deno tells no exit code
    assertEquals(await console.exited, 0);
  } finally {
    await console.stop();
    await server.stop();
  }
}

/** What every server allows. */
async function steer(ask: Ask, wire: WireClient): Promise<void> {
  for (const body of ["one", "two", "six"]) await wire.ask(`put 5 0 60 3\r\n${body}\r\n`);
  assertEquals((await ask("POST", "/v1/tubes/other/jobs", { body: "late", delay: 100 })).json, { id: 4 });

  const { json: { tubes, total } } = await ask("GET", "/v1/tubes?sort=ready&desc=1");
  assertEquals([total, tubes[0].name, tubes[0].ready], [2, "default", 3]);
  assertEquals([tubes[1].name, tubes[1].delayed], ["other", 1]);
  assertEquals((await ask("GET", "/v1/tubes?match=o*")).json.total, 1);
  assertEquals((await ask("GET", "/v1/tubes/none")).status, 404);

  const { json: job } = await ask("GET", "/v1/jobs/1?body=text");
  assertEquals([job.tube, job.state, job.priority], ["default", "ready", 5]);
  assertEquals([job.bytes, job.body.text], [3, "one"]);
  assertEquals((await ask("GET", "/v1/jobs/99")).status, 404);

  assertEquals((await wire.ask("reserve\r\n")).split("\r\n")[0], "RESERVED 1 3");
  await wire.ask("bury 1 0\r\n");
  assertEquals((await ask("GET", "/v1/jobs/1")).json.state, "buried");
  assertEquals((await ask("POST", "/v1/jobs/2/kick", {})).status, 409);
  assertEquals((await ask("POST", "/v1/tubes/default/kick", { count: 5 })).json, { count: 1 });
  assertEquals((await ask("POST", "/v1/tubes/default/pause", { seconds: 50 })).json.pause.seconds, 50);
  await sleep(1000); // figures of all tubes are kept for a moment
  assertEquals((await ask("GET", "/v1/tubes?filter=problems&match=d*")).json.total, 1);
  assertEquals((await ask("POST", "/v1/tubes/default/pause", { seconds: 0 })).json.pause, null);
  assertEquals((await wire.ask("reserve\r\n")).split("\r\n")[0], "RESERVED 1 3");
  assertEquals((await ask("DELETE", "/v1/jobs/1")).status, 409);
  assertEquals((await ask("DELETE", "/v1/jobs/2")).status, 204);
  assertEquals((await ask("DELETE", "/v1/jobs/2")).status, 404);
  assertEquals((await ask("PATCH", "/v1/jobs/3", { priority: 1 })).status, 501);
}

describe("the API in front of another server", () => {
  it("a beanstalkd", { ...LIMIT, skip: skipWithout("beanstalkd") }, async () => {
    const server = await startServer({ command: [requireProgram("beanstalkd")] });
    await withConsole(server, async (ask, wire) => {
      await steer(ask, wire);
      const { json: info } = await ask("GET", "/v1/server");
      assertEquals([info.backend, info.capabilities, info.jobs.reserved], ["beanstalkd", [], 1]);
      assertEquals([info.memory, info.loop], [null, null]);
      assertMatch(info.version, /^1\.\d+/);
      const page = await ask("GET", "/v1/tubes/default/jobs?state=ready");
      assertEquals([page.json.jobs.length, page.json.jobs[0].id, page.json.total], [1, 3, 1]);
      const refused = await ask("POST", "/v1/tubes/default/truncate", {});
      assertEquals(refused.status, 501);
      assertStringIncludes(refused.json.detail, "truncate");
      await server.stop();
      assertEquals((await ask("GET", "/v1/tubes/default")).status, 502, "the server is away");
    });
  });

  it("a Runnerbean", LIMIT, async () => {
    const server = await startServer();
    await withConsole(server, async (ask, wire) => {
      await steer(ask, wire);
      const { json: info } = await ask("GET", "/v1/server");
      assertEquals(info.backend, "runnerbean");
      for (const capability of ["list-jobs", "truncate", "delete-tube", "drain"]) {
        assert(info.capabilities.includes(capability), capability);
      }
      await ask("POST", "/v1/tubes/default/jobs", { body: "more" });
      const first = await ask("GET", "/v1/tubes/default/jobs?state=ready&limit=1&body=text");
      assertEquals([first.json.total, first.json.jobs[0].body.text], [2, "six"]);
      const next = await ask("GET", `/v1/tubes/default/jobs?state=ready&limit=1&cursor=${first.json.next}`);
      assertEquals(next.json.jobs[0].id, 5);
      const truncated = await ask("POST", "/v1/tubes/default/truncate", { states: ["ready"] });
      assertEquals(truncated.json, { count: 2 });
      assertEquals((await ask("POST", "/v1/server/drain", { on: true })).json, { isDraining: true });
      assertEquals((await ask("POST", "/v1/tubes/default/jobs", { body: "x" })).status, 503);
    });
  });

  it("asks for a token of its own, and says when the server refuses its", LIMIT, async () => {
    const folder = mkdtempSync(join(tmpdir(), "runnerbean-"));
    const [operators, consoles] = ["operators-token-0123456789", "consoles-token-0123456789"];
    const [tokens, tokenFile] = [join(folder, "tokens"), join(folder, "token")];
    writeFileSync(tokens, `viewer read=* token=${consoles}\n`, { mode: 0o600 });
    writeFileSync(tokenFile, consoles);
    try {
      const server = await startServer({ args: ["--auth", tokens] });
      await withConsole(
        server,
        async (ask, _wire, origin) => {
          assertEquals((await ask("GET", "/v1/tubes")).status, 401);
          assertEquals((await ask("POST", "/v1/tubes/default/truncate", {})).status, 401);
          const known = askAt(origin, { authorization: `Bearer ${operators}` });
          assertEquals((await known("GET", "/v1/tubes")).json.total, 1);
          const refused = await known("POST", "/v1/tubes/default/truncate", {});
          assertEquals(refused.status, 502);
          assertStringIncludes(refused.json.detail, "does not allow it to the console's token");
          const wrong = askAt(origin, { authorization: `Bearer ${consoles}` });
          assertEquals((await wrong("GET", "/v1/tubes")).status, 401);
        },
        ["--token-file", tokenFile],
        { RUNNERBEAN_TOKENS: `ops admin=* token=${operators}` },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says when its port is open to the network, and takes no half of a certificate", LIMIT, async () => {
    const server = await startServer();
    const words = ["console", "--server", `127.0.0.1:${server.port}`];
    const open = startProcess([...runnerbeanCommand(), ...words, "--http", "0.0.0.0:0"]);
    const half = startProcess([
      ...runnerbeanCommand(),
      ...words,
      "--http",
      "127.0.0.1:0",
      "--tls-cert",
      "x.pem",
    ]);
    try {
      while (!open.stderr().includes("open to the network without access control")) await sleep(20);
      while (!half.stderr().includes("expected both --tls-cert and --tls-key")) await sleep(20);
    } finally {
      await Promise.all([open.stop(), half.stop(), server.stop()]);
    }
  });
});
