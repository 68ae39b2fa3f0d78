// Cross-protocol forgery: a browser on the same machine can be made to send HTTP here, with commands in the body. A first line
// that looks like HTTP closes the connection and nothing of it is executed.
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { serverStats } from "./bystander.ts";

const COMMANDS = "put 0 0 60 5\r\nhello\r\ndelete 1\r\nquit\r\n";
const HEADERS =
  `Host: 127.0.0.1:11300\r\nContent-Type: text/plain\r\nContent-Length: ${COMMANDS.length}\r\n\r\n`;

describe("HTTP on the queue's port", () => {
  let server: ServerProcess;
  let watcher: WireClient;

  before(async () => {
    server = await startServer();
    watcher = await WireClient.connect(server.port);
    assertEquals(await watcher.ask("put 0 0 60 4\r\nkept\r\n"), "INSERTED 1\r\n");
  });
  after(async () => {
    watcher?.close();
    await server?.stop();
  });

  async function assertNothingDone(): Promise<void> {
    const stats = await serverStats(watcher);
    assertEquals([stats["total-jobs"], stats["current-jobs-ready"], stats["cmd-put"], stats["cmd-delete"]], [
      "1",
      "1",
      "1",
      "0",
    ]);
  }

  for (const method of ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"]) {
    it(`${method} is hung up on`, { timeout: 240_000 }, async () => {
      const peer = await WireClient.connect(server.port);
      peer.send(`${method} /path?q=1 HTTP/1.1\r\n${HEADERS}${COMMANDS}`);
      assert(await peer.closed(2000), "the connection is still open");
      for (const word of ["INSERTED", "DELETED", "UNKNOWN_COMMAND"]) {
        assert(!peer.unread.includes(word), peer.unread);
      }
      await assertNothingDone();
    });
  }

  it("a request in pieces", { timeout: 240_000 }, async () => {
    const peer = await WireClient.connect(server.port);
    for (const piece of ["PO", "ST / HT", "TP/1.1\r", "\n", HEADERS, COMMANDS]) {
      peer.send(piece);
      await sleep(20);
    }
    assert(await peer.closed(2000), "the connection is still open");
    await assertNothingDone();
  });

  it("fetch with commands as its body", { timeout: 240_000 }, async () => {
    await assertRejects(() => fetch(`http://127.0.0.1:${server.port}/`, { method: "POST", body: COMMANDS }));
    await assertNothingDone();
  });

  it("only the first line counts: later it is an unknown command", { timeout: 240_000 }, async () => {
    const peer = await WireClient.connect(server.port);
    assertEquals(await peer.ask("list-tube-used\r\n"), "USING default\r\n");
    assertEquals(await peer.ask("GET / HTTP/1.1\r\n"), "UNKNOWN_COMMAND\r\n");
    assertEquals(await peer.ask("list-tube-used\r\n"), "USING default\r\n");
    peer.close();
  });
});
