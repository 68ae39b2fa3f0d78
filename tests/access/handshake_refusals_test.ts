// TLS handshakes that come to nothing are counted as refused, by both kinds of listeners; who only looks whether the port is
// open is not.
import { describe, it } from "node:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { assertEquals, assertMatch } from "@std/assert";
import { TlsListeners } from "../../src/adapters/node/tls.ts";
import type { RefusalReporter } from "../../src/ports/refusals.ts";
import type { Listener } from "../../src/ports/transport.ts";
import { skipWithout, sleep, until } from "../support/runtime.ts";
import { makeCertificates } from "./certificates.ts";

const skip = skipWithout("openssl");
const LIMIT = { timeout: 60_000 };
const ADDRESS = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
const MOST = 11;

type Open = (listeners: TlsListeners, refusals: RefusalReporter) => Promise<Listener>;
const WAYS: readonly (readonly [string, string, Open])[] = [
  ["the text protocol", "beanstalkd", (listeners, refusals) => {
    listeners.textHandshakes = MOST;
    return listeners.listen(ADDRESS, (transport) => {
      transport.send(new TextEncoder().encode("hello"), 5);
      return { received: () => {}, drained: () => {}, ended: () => transport.close(), closed: () => {} };
    }, refusals);
  }],
  ["HTTP", "http/1.1", (listeners, refusals) =>
    listeners.listenHttp(
      ADDRESS,
      (socket) => void socket.on("error", () => {}).write("hello"),
      MOST,
      (reason, peer) => refusals.refused(reason, peer),
    )],
];

function connect(port: number, text: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port }, () => {
      if (text !== "") socket.write(text, "latin1");
      resolve(socket);
    });
    socket.on("error", reject).on("data", () => {});
  });
}

function greeted(port: number, protocol: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: [protocol] };
    const socket = tls.connect(options);
    socket.on("error", (error) => resolve(error.message)).on("data", (data) => {
      resolve(String(data));
      socket.destroy();
    });
  });
}

describe("TLS handshakes that come to nothing", { skip }, () => {
  for (const [what, protocol, open] of WAYS) {
    const listening = async (run: (port: number, told: string[]) => Promise<void>): Promise<void> => {
      const folder = mkdtempSync(join(tmpdir(), "runnerbean-handshakes-"));
      const files = makeCertificates(folder);
      const cert = readFileSync(files.path("first.pem"));
      const key = readFileSync(files.path("first.key"));
      const told: string[] = [];
      const listener = await open(new TlsListeners({ cert, key, clientCa: null }), {
        refused: (reason, peer) => void told.push(`${reason} ${peer}`),
      });
      try {
        await run(listener.address.kind === "tcp" ? listener.address.port : 0, told);
      } finally {
        listener.close();
        rmSync(folder, { recursive: true });
      }
    };

    for (
      const [which, text] of [
        ["plain HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        ["plain commands", "list-tubes\r\nlist-tubes\r\nlist-tubes\r\n"],
        ["a damaged greeting", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"],
      ]
    ) {
      it(`${which} at the port of ${what}`, LIMIT, () =>
        listening(async (port, told) => {
          const socket = await connect(port, text);
          await until(() => told.length > 0, "it is counted");
          await sleep(50);
          assertEquals(told.length, 1, told.join());
          assertMatch(told[0], /^tls-handshake (?:127\.0\.0\.1:\d+|null)$/);
          assertEquals(await greeted(port, protocol), "hello");
          assertEquals(told.length, 1, "who is served is not counted");
          socket.destroy();
        }));
    }

    it(`more at once than may be at the port of ${what}`, LIMIT, () =>
      listening(async (port, told) => {
        const held: net.Socket[] = [];
        const peers: string[] = [];
        for (let i = 0; i < MOST + 2; i++) {
          held.push(await connect(port, "\x16\x03\x01"));
          peers.push(`tls-handshake 127.0.0.1:${held[i].localPort}`);
        }
        await until(() => told.length >= 2, "two had to go");
        await sleep(50);
        assertEquals(told, peers.slice(0, 2));
        for (const socket of held) socket.destroy();
      }));

    it(
      `connections to the port of ${what} that are closed at once are not counted`,
      LIMIT,
      () =>
        listening(async (port, told) => {
          for (let i = 0; i < 5; i++) (await connect(port, "")).destroy();
          for (let i = 0; i < 5; i++) (await connect(port, "\x16\x03\x01")).destroy();
          await sleep(300);
          assertEquals(told, []);
        }),
    );
  }
});
