// The API in front of another server: a beanstalkd with what its protocol allows, a Runnerbean with what it adds.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import type { ServerProcess } from "../support/server_process.ts";
import { runnerbeanCommand, startProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

const LIMIT = { timeout: 60_000 };

interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

function askAt(origin: string): Ask {
  return async (method, path, body) => {
    const json = body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(origin + path, { method, ...json });
    const text = await answer.text();
    return { status: answer.status, json: text === "" ? null : JSON.parse(text) };
  };
}

/** Starts `runnerbean console` before a server, and stops both. */
async function withConsole(
  server: ServerProcess,
  work: (ask: Ask, wire: WireClient) => Promise<void>,
): Promise<void> {
  const words = ["console", "--server", `127.0.0.1:${server.port}`, "--http", "127.0.0.1:0"];
  const console = startProcess([...runnerbeanCommand(), ...words]);
  try {
    let origin: string | undefined;
    while (origin === undefined) {
      await sleep(20);
      origin = /on (http:\/\/\S+)/.exec(console.stdout())?.[1];
      assertEquals(console.stderr(), "");
    }
    const wire = await WireClient.connect(server.port);
    await work(askAt(origin), wire);
    wire.close();
    assertEquals(await console.stop("SIGTERM"), 0);
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
});
