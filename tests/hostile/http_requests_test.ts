// Requests that no honest client makes: each is answered, the server lives, says nothing that looks like a fault of its own,
// and serves the next one. On every runtime alike, in the clear and with TLS.
import { after, before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { checkServer } from "../http/fuzz/fuzz_run.ts";
import { type FuzzedServer, type Mode, startFuzzed } from "../http/fuzz/servers.ts";
import { RawClient, requestOf, UPGRADE } from "../http/raw_client.ts";
import { skipWithout } from "../support/runtime.ts";

const STRANGE_UPGRADE = ["Connection: Upgrade", "Upgrade: x"];

/** Targets with what answers them as a GET, with and without an upgrade. */
const TARGETS: readonly (readonly [string, number])[] = [
  ["//", 404],
  ["///", 404],
  ["/\\", 404],
  ["/\\\\host\\share", 404],
  ["//a:99999/", 404],
  ["http://[", 400],
  ["http://a:99999/", 400],
  ["http://a:b@c/", 400],
  ["http://localhost/healthz", 200],
  ["HTTP://LOCALHOST:80", 200],
  ["ftp://a/", 400],
  ["javascript:alert(1)", 400],
  ["*", 400],
  [":", 400],
  ["?", 400],
  ["healthz", 400],
  ["/%", 404],
  ["/v1/tubes/%", 400],
  ["/v1/tubes/%zz", 400],
  ["/v1/tubes/%ff", 400],
  ["/v1/tubes/%00", 400],
  ["/v1/tubes/\xff", 400],
  ["/healthz?%=%&&=&%ff", 400],
  ["/healthz#fragment", 400],
  ["/a\tb", 400],
  ["/a\x7f", 400],
  [`/${"a".repeat(20_000)}`, 431],
  ["/v1/jobs/99999999999999999999999", 400],
  ["/v1/tubes/__proto__", 404],
  ["/../../healthz", 200],
];

/** Whole requests with what answers them. */
const REQUESTS: Readonly<Record<string, readonly [string, number]>> = {
  "a port beyond 65535 in Host": ["GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:99999999\r\n\r\n", 400],
  "an open bracket in Host": ["GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", 400],
  "no Host": ["GET /healthz HTTP/1.1\r\n\r\n", 400],
  "two Hosts": ["GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400],
  "an empty Host": ["GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 421],
  "another name in Host": ["GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421],
  "HTTP/1.0 without Host": ["GET /healthz HTTP/1.0\r\n\r\n", 200],
  "HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  "TRACE": [requestOf("TRACE", "/healthz"), 501],
  "CONNECT": ["CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 501],
  "a method in small letters with a body": [requestOf("get", "/healthz", ["Content-Length: 2"], "{}"), 200],
  "a GET with a body": [requestOf("GET", "/healthz", ["Content-Length: 2"], "{}"), 200],
  "no request line": ["\0\0\0\0\r\n\r\n", 400],
  "a bare LF": ["GET /healthz HTTP/1.1\nHost: localhost\n\n\r\n\r\n", 400],
  "a folded header": [requestOf("GET", "/healthz", ["X: a", " b"]), 400],
  "a blank before the colon": [requestOf("GET", "/healthz", ["X : a"]), 400],
  "a header without a name": [requestOf("GET", "/healthz", [": a"]), 400],
  "a zero byte in a header": [requestOf("GET", "/healthz", ["X: a\0b"]), 400],
  "200 headers": [requestOf("GET", "/healthz", Array.from({ length: 200 }, (_, i) => `X${i}: a`)), 431],
  "a large header": [requestOf("GET", "/healthz", [`X: ${"a".repeat(20_000)}`]), 431],
  "a negative length": [requestOf("POST", "/v1/reserve", ["Content-Length: -1"]), 400],
  "a length in powers": [requestOf("POST", "/v1/reserve", ["Content-Length: 1e3"]), 400],
  "two lengths": [requestOf("POST", "/v1/reserve", ["Content-Length: 2", "Content-Length: 3"], "{}"), 400],
  "a length and chunks": [
    requestOf("POST", "/v1/reserve", ["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    400,
  ],
  "an unknown coding": [requestOf("POST", "/v1/reserve", ["Transfer-Encoding: gzip, chunked"]), 501],
  "chunks in HTTP/1.0": [
    "POST /v1/reserve HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  "a chunk size that is none": [
    requestOf("POST", "/v1/reserve", ["Transfer-Encoding: chunked"], "x\r\n"),
    400,
  ],
  "a chunk longer than its size": [
    requestOf("POST", "/v1/reserve", ["Transfer-Encoding: chunked"], "1\r\n{}\r\n0\r\n\r\n"),
    400,
  ],
  "endless chunk extensions": [
    requestOf("POST", "/v1/reserve", ["Transfer-Encoding: chunked"], `1;${"a".repeat(9000)}\r\n`),
    400,
  ],
  "endless trailers": [
    requestOf("POST", "/v1/reserve", ["Transfer-Encoding: chunked"], `0\r\n${"a: b\r\n".repeat(3000)}`),
    400,
  ],
  "an expectation": [requestOf("GET", "/healthz", ["Expect: the unexpected"]), 417],
  "an Origin that is none": [
    requestOf("POST", "/v1/reserve", ["Origin: http://[", "Content-Length: 0"]),
    403,
  ],
  "a cookie of nonsense": [requestOf("GET", "/v1/session", ["Cookie: =;;=%;runnerbean"]), 200],
  "a range": [requestOf("GET", "/healthz", ["Range: bytes=9-1"]), 200],
  "a WebSocket without a key": [requestOf("GET", "/v1/wire", UPGRADE.slice(0, 3)), 426],
  "a WebSocket with a short key": [
    requestOf("GET", "/v1/wire", [...UPGRADE.slice(0, 3), "Sec-WebSocket-Key: a"]),
    426,
  ],
  "a WebSocket of another version": [
    requestOf("GET", "/v1/wire", [
      ...UPGRADE.filter((line) => !line.includes("13")),
      "Sec-WebSocket-Version: 8",
    ]),
    426,
  ],
  "a WebSocket by POST": [requestOf("POST", "/v1/wire", UPGRADE), 405],
  "a WebSocket in HTTP/1.0": [requestOf("GET", "/v1/wire", UPGRADE).replace("HTTP/1.1", "HTTP/1.0"), 426],
};

for (const mode of ["plain", "tls"] satisfies Mode[]) {
  describe(`strange requests: ${mode}`, { skip: mode === "tls" && skipWithout("openssl") }, () => {
    let fuzzed: FuzzedServer;
    before(async () => void (fuzzed = await startFuzzed(mode)));
    after(() => fuzzed?.stop());

    const statusOf = async (bytes: string): Promise<number> => {
      const client = await RawClient.connect(fuzzed.httpPort, fuzzed.isSecure);
      const [status] = await client.send(bytes).answers(1);
      client.close();
      return status;
    };

    const check = async (said: string, bytes: string, expected: number): Promise<void> => {
      assertEquals(await statusOf(bytes), expected, said);
      assertEquals(await statusOf(requestOf("GET", "/healthz")), 200, `/healthz after ${said}`);
      checkServer(fuzzed.server);
    };

    for (const [target, status] of TARGETS) {
      const shown = JSON.stringify(target.slice(0, 40));
      it(`target ${shown}`, { timeout: 240_000 }, async () => {
        await check(shown, requestOf("GET", target), status);
        await check(`${shown}, upgrade`, requestOf("GET", target, STRANGE_UPGRADE), status);
        await check(`${shown}, WebSocket`, requestOf("GET", target, UPGRADE), status);
      });
    }

    for (const [what, [bytes, status]] of Object.entries(REQUESTS)) {
      it(what, { timeout: 240_000 }, () => check(what, bytes, status));
    }
  });
}

describe("a client that closes its side at once", () => {
  it("gets all answers to what it pipelined, in order", { timeout: 240_000 }, async () => {
    const fuzzed = await startFuzzed("plain");
    try {
      for (let round = 0; round < 10; round++) {
        const client = await RawClient.connect(fuzzed.httpPort);
        const put = requestOf("PUT", "/healthz", ["Content-Length: 5"], "hello");
        client.send(
          put + requestOf("GET", "/none") + requestOf("GET", "/openapi.json") + requestOf("GET", "/healthz"),
        );
        client.socket.end();
        assertEquals(await client.answers(4), [405, 404, 200, 200]);
        await client.closed();
      }
      const cut = await RawClient.connect(fuzzed.httpPort);
      cut.send(`${requestOf("GET", "/healthz")}GET /none HT`).socket.end();
      await cut.closed();
      assertEquals(cut.statuses, [200]);
    } finally {
      await fuzzed.stop();
    }
  });
});

describe("with access control", () => {
  it("nobody gets a WebSocket before it is known who they are", { timeout: 240_000 }, async () => {
    const fuzzed = await startFuzzed("auth");
    try {
      const ask = async (lines: readonly string[]): Promise<RawClient> => {
        const client = await RawClient.connect(fuzzed.httpPort);
        await client.send(requestOf("GET", "/v1/wire", [...UPGRADE, ...lines])).answers(1);
        return client;
      };
      const stranger = await ask([]);
      assertEquals(stranger.statuses, [401]);
      assert(/^www-authenticate: Bearer/im.test(stranger.heard.text), stranger.heard.text);
      const guesser = await ask(["Authorization: Bearer not-a-token-0123456789"]);
      assertEquals(guesser.statuses, [401]);
      const known = await ask([fuzzed.authorization]);
      assertEquals(known.statuses, [101]);
      for (const client of [stranger, guesser, known]) client.close();
      checkServer(fuzzed.server);
    } finally {
      await fuzzed.stop();
    }
  });
});
