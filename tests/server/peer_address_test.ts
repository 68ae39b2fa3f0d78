// A transport knows where its peer is for as long as anybody may ask: also when the peer has reset the connection meanwhile.
import { describe, it } from "node:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { assertEquals, assertMatch } from "@std/assert";
import { listen as listenNode } from "../../src/adapters/node/listen.ts";
import { TlsListeners } from "../../src/adapters/node/tls.ts";
import type { Listen, Transport } from "../../src/ports/transport.ts";
import { listen } from "../../src/runtime/runtime.ts";
import { makeCertificates } from "../access/certificates.ts";
import { until } from "../support/runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "runnerbean-address-"));
const files = makeCertificates(folder);
const secure = new TlsListeners({
  cert: readFileSync(files.path("first.pem")),
  key: readFileSync(files.path("first.key")),
  clientCa: null,
});
rmSync(folder, { recursive: true });

const WAYS: readonly (readonly [string, Listen, boolean])[] = [
  ["the runtime's own sockets", listen, false],
  ["node:net", listenNode, false],
  ["TLS", secure.listen, true],
];
const ENDINGS: readonly (readonly [string, (socket: net.Socket) => void])[] = [
  ["reset", (socket) => {
    if (socket instanceof tls.TLSSocket) socket.destroy(); // cannot be reset
    else socket.resetAndDestroy();
  }],
  ["closed", (socket) => void socket.destroy()],
];

describe("the address of a peer that has", () => {
  for (const [how, listenThere, isSecure] of WAYS) {
    for (const [what, end] of ENDINGS) {
      it(`${what} the connection, by ${how}`, { timeout: 30_000 }, async () => {
        const transports: Transport[] = [];
        const closed: (string | null | undefined)[] = [];
        const listener = await listenThere({ kind: "tcp", host: "127.0.0.1", port: 0 }, (transport) => {
          transports.push(transport);
          return {
            received: () => {},
            drained: () => {},
            ended: () => transport.close(),
            closed: () => void closed.push(transport.peerAddress),
          };
        });
        const port = listener.address.kind === "tcp" ? listener.address.port : 0;
        const place = { host: "127.0.0.1", port };
        const socket = isSecure
          ? tls.connect({ ...place, rejectUnauthorized: false, ALPNProtocols: ["beanstalkd"] })
          : net.connect(place);
        socket.on("error", () => {});
        socket.write("x");
        await until(() => transports.length === 1, "the connection is accepted");
        const { localPort } = socket;
        end(socket);
        await until(() => closed.length === 1, "the connection is over");
        assertMatch(closed[0] ?? "", /^127\.0\.0\.1:\d+$/);
        if (localPort !== undefined) assertEquals(closed[0], `127.0.0.1:${localPort}`);
        assertEquals(transports[0].peerAddress, closed[0]);
        listener.close();
      });
    }
  }
});
