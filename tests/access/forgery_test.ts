// Requests that somebody else's page, or the wrong protocol, brings; and clients of the HTTP port that want to be a burden.
import { after, before, describe, it } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { freePort, type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { tokenOf } from "./guarded_server.ts";

const OURS = "https://console.example";
const OPS = `ops admin=* token=${tokenOf("ops")}\n`;
const BEARER = { authorization: `Bearer ${tokenOf("ops")}` };

interface Served {
  readonly server: ServerProcess;
  readonly port: number;
}

async function serve(...args: string[]): Promise<Served> {
  const port = await freePort();
  const server = await startServer({ args: ["--http", `127.0.0.1:${port}`, "--cors", OURS, ...args] });
  return { server, port };
}

/** Sends a request as it is written, and answers with all that comes until the connection ends or is quiet. */
async function raw(port: number, head: string, body = ""): Promise<string> {
  const client = await WireClient.connect(port);
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  client.send(`${head.replaceAll("\n", "\r\n")}\r\n${length}Connection: close\r\n\r\n${body}`);
  await client.closed();
  const answer = client.unread;
  client.close();
  return answer;
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);

const SOCKET = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";

/** The first line of the answer to a WebSocket's request. */
async function upgrade(port: number, more: string): Promise<number> {
  const client = await WireClient.connect(port);
  client.send(
    `GET /v1/wire HTTP/1.1\nHost: 127.0.0.1:${port}\n${SOCKET}\n${more}\n\n`.replaceAll("\n", "\r\n"),
  );
  await client.until(() => client.unread.includes("\r\n\r\n"), 5000);
  const status = statusOf(client.unread);
  client.close();
  return status;
}

describe("without access control", () => {
  let served: Served;
  before(async () => void (served = await serve("--http-name", "jobs.example")));
  after(() => served.server.stop());

  const put = (headers: string): Promise<string> =>
    raw(served.port, `POST /v1/tubes/t/jobs HTTP/1.1\n${headers}\nContent-Type: text/plain`, "x");

  it("a page of another origin can change nothing", async () => {
    const { port } = served;
    const host = `Host: 127.0.0.1:${port}`;
    assertEquals(statusOf(await put(`${host}\nOrigin: https://evil.example`)), 403);
    assertEquals(statusOf(await put(`${host}\nOrigin: null`)), 403);
    assertEquals(statusOf(await put(`${host}\nOrigin: http://127.0.0.1:${port + 1}`)), 403);
    assertEquals(statusOf(await put(`${host}\nSec-Fetch-Site: cross-site`)), 403);
    for (const method of ["DELETE", "PATCH"]) {
      const head = `${method} /v1/jobs/1 HTTP/1.1\n${host}\nOrigin: https://evil.example`;
      assertEquals(statusOf(await raw(port, head)), 403, method);
    }
    assertEquals(statusOf(await put(`${host}\nOrigin: http://127.0.0.1:${port}`)), 201);
    assertEquals(statusOf(await put(`${host}\nOrigin: ${OURS}`)), 201);
    assertEquals(statusOf(await put(host)), 201);
  });

  it("a page of another origin opens no WebSocket", async () => {
    const { port } = served;
    assertEquals(await upgrade(port, "Origin: https://evil.example"), 403);
    assertEquals(await upgrade(port, `Origin: ${OURS}`), 403);
    assertEquals(await upgrade(port, "Origin: null"), 403);
    assertEquals(await upgrade(port, `Origin: http://127.0.0.1:${port}`), 101);
    assertEquals(await upgrade(port, "X-Nothing: 1"), 101);
  });

  it("a name that leads here by another's will is refused, for reading too", async () => {
    const { port } = served;
    const get = async (host: string): Promise<number> =>
      statusOf(await raw(port, `GET /v1/tubes HTTP/1.1\nHost: ${host}`));
    assertEquals([await get(`rebound.example:${port}`), await get("127.0.0.1.evil.example")], [421, 421]);
    for (const host of [`127.0.0.1:${port}`, "localhost", "[::1]:80", "jobs.example:1", "192.168.1.5"]) {
      assertEquals(await get(host), 200, host);
    }
    assertEquals(
      statusOf(await put(`Host: rebound.example:${port}\nOrigin: http://rebound.example:${port}`)),
      421,
    );
  });

  it("each answer tells a browser to be careful, and only a configured origin may read it", async () => {
    const { port } = served;
    for (const path of ["/v1/tubes", "/none", "/healthz"]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { origin: "https://evil.example" },
      });
      await response.body?.cancel();
      const { headers } = response;
      assert(
        headers.get("content-security-policy")?.startsWith("default-src 'none'; script-src 'self'"),
        path,
      );
      assertEquals(
        [
          "x-content-type-options",
          "x-frame-options",
          "referrer-policy",
          "cross-origin-resource-policy",
          "access-control-allow-origin",
        ]
          .map((name) => headers.get(name)),
        ["nosniff", "DENY", "no-referrer", "same-origin", null],
        path,
      );
    }
    const ask = (origin: string): Promise<string> =>
      raw(
        port,
        `OPTIONS /v1/tubes HTTP/1.1\nHost: localhost\nOrigin: ${origin}\nAccess-Control-Request-Method: POST`,
      );
    assert((await ask(OURS)).toLowerCase().includes(`access-control-allow-origin: ${OURS}`));
    assert(!(await ask("https://evil.example")).toLowerCase().includes("access-control"));
  });

  it("HTTP on the text port and text on the HTTP port run nothing", async () => {
    const { server, port } = served;
    const before = yamlOf(await (await WireClient.connect(server.port)).ask("stats\r\n"))["total-jobs"];
    const body = "put 0 0 60 1\r\nx\r\n";
    for (const start of ["POST / HTTP/1.1", "PUT /x HTTP/1.1", "GET /?put HTTP/1.0"]) {
      assertEquals(await raw(server.port, `${start}\nHost: localhost`, body), "");
    }
    const text = await WireClient.connect(port);
    text.send(`${body}put 0 0 60 1\r\nx\r\nquit\r\n\r\n`);
    await text.closed();
    assert(!text.unread.includes("INSERTED"), text.unread);
    assert(text.unread === "" || statusOf(text.unread) === 400, text.unread);
    const after = yamlOf(await (await WireClient.connect(server.port)).ask("stats\r\n"))["total-jobs"];
    assertEquals(after, before);
  });
});

describe("with access control", () => {
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-forgery-"));
  let served: Served;

  before(async () => {
    const file = join(folder, "tokens");
    writeFileSync(file, `${OPS}viewer read=* token=${tokenOf("viewer")}\n`, { mode: 0o600 });
    served = await serve("--auth", file);
  });
  after(async () => {
    await served.server.stop();
    rmSync(folder, { recursive: true });
  });

  const post = (path: string, headers: Record<string, string>, body: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${served.port}${path}`, { method: "POST", headers, body });

  it("a session's cookie alone changes nothing and opens no WebSocket of its own", async () => {
    const { port } = served;
    const response = await post(
      "/v1/session",
      { "content-type": "application/json" },
      `{"token":"${tokenOf("ops")}"}`,
    );
    const cookie = response.headers.get("set-cookie")!.split(";")[0];
    const { csrf } = await response.json() as { csrf: string };
    const drain = (headers: string): Promise<string> =>
      raw(
        port,
        `POST /v1/server/drain HTTP/1.1\nHost: 127.0.0.1:${port}\nCookie: ${cookie}\nContent-Type: application/json\n${headers}`,
        `{"on":false}`,
      );
    assertEquals(statusOf(await drain("X-A: b")), 403);
    assertEquals(statusOf(await drain(`X-CSRF-Token: ${csrf}x`)), 403);
    assertEquals(statusOf(await drain(`X-CSRF-Token: ${csrf}\nOrigin: https://evil.example`)), 403);
    assertEquals(statusOf(await drain(`X-CSRF-Token: ${csrf}\nOrigin: http://127.0.0.1:${port}`)), 200);
    // A page of a configured origin has no cookie; were it sent all the same, it lacks the second secret.
    assertEquals(statusOf(await drain(`Origin: ${OURS}`)), 403);
  });

  it("a login must be JSON, and a wrong one says nothing of the right one", async () => {
    const form = await post(
      "/v1/session",
      { "content-type": "application/x-www-form-urlencoded" },
      `token=${tokenOf("ops")}`,
    );
    assertEquals(form.status, 415);
    await form.body?.cancel();
    const wrong = await post(
      "/v1/session",
      { "content-type": "application/json" },
      `{"token":"${tokenOf("nobody")}"}`,
    );
    assertEquals([wrong.status, wrong.headers.get("set-cookie")], [401, null]);
    const text = await wrong.text();
    assert(!text.includes("token-of-"), text);
    assertEquals(wrong.headers.get("content-type"), "application/problem+json");
  });

  it("strangers with large and deep bodies are refused before they are read; so is a bomb of who is known", async () => {
    const bomb = "[".repeat(200_000);
    const json = { "content-type": "application/json" };
    const stranger = await post("/v1/reserve", json, bomb);
    assertEquals(stranger.status, 401);
    await stranger.body?.cancel();
    const known = await post("/v1/reserve", { ...json, ...BEARER }, bomb);
    assertEquals(known.status, 400);
    assert((await known.text()).includes("nested deeper"));
    const { port } = served;
    const large =
      "POST /v1/tubes/t/jobs HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nContent-Length: 10000000000";
    const client = await WireClient.connect(port);
    client.send(`${large}\nAuthorization: ${BEARER.authorization}\n\n`.replaceAll("\n", "\r\n"));
    await client.until(() => client.unread.includes("\r\n\r\n"), 5000);
    assertEquals(statusOf(client.unread), 413);
    client.close();
  });

  it("clients that never finish what they say leave others served", async () => {
    const { port, server } = served;
    const slow = await Promise.all(Array.from({ length: 150 }, () => WireClient.connect(port)));
    for (const each of slow) each.send("POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: appl");
    const silent = await Promise.all(Array.from({ length: 300 }, () => WireClient.connect(server.port)));
    for (const each of silent) each.send("put 0 0 60 1000000\r\nabc");
    for (let i = 0; i < 20; i++) {
      const response = await fetch(`http://127.0.0.1:${port}/v1/server`, { headers: BEARER });
      assertEquals(response.status, 200);
      await response.body?.cancel();
    }
    const client = await WireClient.connect(server.port);
    assertEquals(await client.ask(`auth ${tokenOf("ops")}\r\n`), "AUTHENTICATED\r\n");
    assert((await client.ask("put 0 0 60 1\r\nx\r\n")).startsWith("INSERTED "));
    const gone = silent.filter((each) => each.ended).length;
    assert(gone >= 300 - 256, `${gone} strangers had to go`);
    for (const each of [...slow, ...silent, client]) each.close();
  });

  it("a stream and a WebSocket end with the rights of who has them, others go on", async () => {
    const { port, server } = served;
    const follow = async (name: string): Promise<WireClient> => {
      const client = await WireClient.connect(port);
      client.send(
        `GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokenOf(name)}\r\n\r\n`,
      );
      assert(await client.until(() => client.unread.includes("event:"), 5000), client.unread);
      return client;
    };
    const [viewer, ops] = [await follow("viewer"), await follow("ops")];
    const socket = await WireClient.connect(port);
    socket.send(
      `GET /v1/wire HTTP/1.1\nHost: localhost\nAuthorization: Bearer ${tokenOf("viewer")}\n${SOCKET}\n\n`
        .replaceAll("\n", "\r\n"),
    );
    assert(await socket.until(() => statusOf(socket.unread) === 101, 5000), socket.unread);
    writeFileSync(join(folder, "tokens"), OPS);
    server.signal("SIGHUP");
    const isOver = (client: WireClient): boolean => client.ended || client.unread.endsWith("0\r\n\r\n");
    assert(await viewer.until(() => isOver(viewer), 5000), "the stream goes on");
    const isClosed = (): boolean => socket.ended || /\x88.{0,125}$/s.test(socket.unread);
    assert(await socket.until(isClosed, 5000), "the WebSocket goes on");
    const seen = ops.unread.length;
    assert(
      await ops.until(() => ops.unread.length > seen, 5000) && !isOver(ops),
      "the other stream ended too",
    );
    for (const client of [viewer, ops, socket]) client.close();
  });

  it("HTTP logins are counted by address", async () => {
    // This machine's own addresses are not; so the server's part is asked in the process.
    const { HttpGate } = await import("../../src/http/access/http_gate.ts");
    const { Origins } = await import("../../src/http/access/origins.ts");
    const { guardedServer } = await import("./guarded_server.ts");
    const guarded = await guardedServer(`ops admin=* token=${tokenOf("ops")}`, { attemptsPerAddress: 3 });
    const gate = new HttpGate(guarded.gate, new Origins({ cors: [], names: null }), false);
    const statusOfLogin = (token: string, peer: string): number => {
      try {
        gate.login(token, peer);
        return 200;
      } catch (error) {
        return (error as { status: number }).status;
      }
    };
    const statuses = Array.from({ length: 4 }, () => statusOfLogin(tokenOf("x"), "203.0.113.7:1"));
    assertEquals(statuses, [401, 401, 401, 429]);
    assertEquals(statusOfLogin(tokenOf("ops"), "203.0.113.7:2"), 429);
    assertEquals(statusOfLogin(tokenOf("ops"), "203.0.113.8:1"), 200);
    guarded.close();
  });
});
