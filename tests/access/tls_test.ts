// TLS on both ports: certificates that change while connections go on, clients that are known by theirs, bad files.
import { after, before, describe, it } from "node:test";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, DisconnectedError, QueueError } from "../../src/client/mod.ts";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import {
  freePort,
  runnerbeanCommand,
  type ServerProcess,
  startProcess,
  startServer,
} from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { tokenOf } from "./guarded_server.ts";

const skip = skipWithout("openssl");

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 10_000; !isSo();) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain: ${what}`);
    await sleep(10);
  }
}

/** The server said no, and the error tells nothing of tokens. */
async function assertRefused(refused: Promise<unknown>): Promise<void> {
  const error = await refused.then(() => null, (error: unknown) => error);
  assert(error instanceof QueueError, String(error));
  assertEquals(error.code, "UNAUTHORIZED");
  assert(!error.message.includes("token-of-"), error.message);
}

describe("TLS", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-tls-"));
  let files: Certificates;
  let server: ServerProcess;
  let httpPort = 0;

  before(async () => {
    requireProgram("openssl");
    files = makeCertificates(folder);
    use("first");
    writeFileSync(
      files.path("tokens"),
      `mailer put=mail reserve=mail token=${tokenOf("mailer")}\nops admin=* token=${tokenOf("ops")}\n`,
      { mode: 0o600 },
    );
    httpPort = await freePort();
    server = await startServer({
      args: [
        ...["--auth", files.path("tokens"), "--http", `127.0.0.1:${httpPort}`],
        ...["--tls-cert", files.path("server.pem"), "--tls-key", files.path("server.key")],
        ...["--tls-client-ca", files.path("ca.pem")],
      ],
    });
  });

  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  const use = (name: string): void => {
    for (const end of ["pem", "key"]) copyFileSync(files.path(`${name}.${end}`), files.path(`server.${end}`));
  };

  const dial = (options: tls.ConnectionOptions = {}): Promise<WireClient> =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({
        port: server.port,
        host: "127.0.0.1",
        servername: "localhost",
        ca: files.pem("ca.pem"),
        ...options,
      });
      socket.once("error", reject);
      socket.once("secureConnect", () => resolve(new WireClient(socket)));
    });

  const named = (name: string): Promise<WireClient> =>
    dial({ cert: files.pem(`${name}.pem`), key: files.pem(`${name}.key`) });

  const serialOf = ({ socket }: WireClient): string =>
    (socket as tls.TLSSocket).getPeerCertificate().serialNumber;

  const get = (path: string, token: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = https.get({
        ...{ port: httpPort, host: "127.0.0.1", servername: "localhost", path, agent: false },
        ca: files.pem("ca.pem"),
        headers: { authorization: `Bearer ${token}` },
      }, (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
      });
      request.once("error", reject);
    });

  it("carries the text protocol, large jobs too", async () => {
    const client = await dial();
    assertEquals(await client.ask("put 0 0 60 1\r\nx\r\n"), "UNAUTHORIZED\r\n");
    assertEquals(await client.ask(`auth ${tokenOf("ops")}\r\n`), "AUTHENTICATED\r\n");
    const body = "0123456789".repeat(6500);
    const puts = 40;
    for (let i = 0; i < puts; i++) client.send(`put 0 0 60 ${body.length}\r\n${body}\r\n`);
    const ids: string[] = [];
    for (let i = 0; i < puts; i++) ids.push((await client.reply()).split(" ")[1].trim());
    for (const id of ids) client.send(`peek ${id}\r\n`);
    for (const id of ids) assertEquals(await client.reply(), `FOUND ${id} ${body.length}\r\n${body}\r\n`);
    client.send("quit\r\n");
    assert(await client.closed());
  });

  it("knows clients by certificates of the authority, and by no others", async () => {
    const mailer = await named("mailer");
    assertEquals(await mailer.ask("use mail\r\n"), "USING mail\r\n");
    assert((await mailer.ask("put 0 0 60 1\r\nx\r\n")).startsWith("INSERTED "));
    assertEquals(await mailer.ask("kick 1\r\n"), "UNAUTHORIZED\r\n");
    const forged = await named("forged").catch(() => null); // refused in the handshake, or nobody
    if (forged !== null) {
      assert(["UNAUTHORIZED\r\n", ""].includes(await forged.ask("use mail\r\n")), "it was believed");
    }
    const unnamed = await named("first"); // CN=localhost, which the file does not know
    assertEquals(await unnamed.ask("use mail\r\n"), "UNAUTHORIZED\r\n");
    for (const client of [mailer, forged, unnamed]) client?.close();
  });

  it("is spoken by our client, with a token or a certificate", async () => {
    const ca = files.pem("ca.pem");
    const address = { port: server.port, replyTimeoutMs: 3000 };
    {
      await using queue = await connect({ ...address, tls: { ca }, token: tokenOf("mailer") });
      const id = await queue.tube("mail").put("hello", { priority: 0 });
      assert(id > 0);
      await assertRefused(queue.tube("news").put("hello"));
      await assertRefused(queue.tube("news").reserve({ timeout: 1 }));
      await assertRefused(queue.tubes());
      const job = await queue.tube("mail").reserve({ timeout: 1 });
      await job!.delete();
    }
    {
      await using queue = await connect({
        ...address,
        tls: { ca, cert: files.pem("mailer.pem"), key: files.pem("mailer.key") },
      });
      assert(await queue.tube("mail").put("hello") > 0);
    }
    await assertRefused(connect({ ...address, tls: { ca }, token: tokenOf("nobody") }));
    await assertRejects(() => connect({ ...address, tls: true }), DisconnectedError); // nobody it trusts
    await assertRejects(
      () => connect({ ...address, tls: { ca, serverName: "elsewhere" } }),
      DisconnectedError,
    );
    await assertRejects(() => connect({ ...address, token: tokenOf("ops") }), DisconnectedError); // no TLS
  });

  it("refuses what offers other protocols, as browsers do, and what is no TLS", async () => {
    await assertRejects(() => dial({ ALPNProtocols: ["h2", "http/1.1"] }));
    const plain = await WireClient.connect(server.port);
    plain.send("ping\r\nping\r\nping\r\n");
    assert(await plain.closed(), "it is still there");
    assert(!plain.unread.includes("PONG"));
    const client = await dial();
    assertEquals(await client.ask("ping\r\n"), "PONG\r\n");
    client.close();
  });

  it("takes a new certificate at SIGHUP, on both ports, while connections go on; a bad one changes nothing", async () => {
    const old = await dial();
    const first = serialOf(old);
    await old.ask(`auth ${tokenOf("ops")}\r\n`);
    old.send("watch later\r\n");
    await old.reply();
    old.send("ignore default\r\nreserve\r\n");
    await old.reply();
    assertEquals(await get("/v1/server", tokenOf("ops")), 200);

    use("second");
    server.signal("SIGHUP");
    await until("the new certificate", () => server.stdout().includes("the certificate was read again"));
    const fresh = await dial();
    assert(serialOf(fresh) !== first, "the old certificate");
    await fresh.ask(`auth ${tokenOf("ops")}\r\n`);
    await fresh.ask("use later\r\n");
    const inserted = await fresh.ask("put 0 0 60 2\r\nok\r\n");
    assertEquals(await old.reply(), `RESERVED ${inserted.split(" ")[1].trim()} 2\r\nok\r\n`);
    assertEquals(await get("/v1/server", tokenOf("ops")), 200);

    writeFileSync(files.path("server.key"), files.pem("first.key"));
    writeFileSync(files.path("tokens"), `mailer ${tokenOf("secret")} put=mail\n`);
    server.signal("SIGHUP");
    await until(
      "both complaints",
      () =>
        server.stderr().includes("TLS goes on with the certificate from before") &&
        server.stderr().includes("access control stays as it was"),
    );
    assert(server.stderr().includes("server.key: it is not the certificate's"), server.stderr());
    assert(server.stderr().includes("tokens: line 1: word 2: expected"), server.stderr());
    assert(!server.stderr().includes(tokenOf("secret")), "a token was printed");
    const later = await dial();
    assertEquals(serialOf(later), serialOf(fresh));
    assertEquals(await later.ask(`auth ${tokenOf("mailer")}\r\n`), "AUTHENTICATED\r\n");
    assertEquals(await get("/healthz", tokenOf("ops")), 200);
    for (const client of [old, fresh, later]) client.close();
  });

  it("does not wait for handshakes that nobody ends", async () => {
    const silent = await Promise.all(Array.from({ length: 300 }, () => WireClient.connect(server.port)));
    const client = await dial();
    assertEquals(await client.ask("ping\r\n"), "PONG\r\n");
    await until("the oldest to be closed", () => silent.filter((each) => !each.ended).length <= 256);
    for (const each of [...silent, client]) each.close();
  });

  it("is not started with files that cannot be used, and says which", async () => {
    writeFileSync(files.path("empty"), "");
    const attempts: [string[], string][] = [
      [["--tls-cert", files.path("first.pem")], "TLS: expected both --tls-cert and --tls-key"],
      [
        ["--tls-cert", files.path("none"), "--tls-key", files.path("first.key")],
        `--tls-cert ${files.path("none")}: `,
      ],
      [
        ["--tls-cert", files.path("empty"), "--tls-key", files.path("first.key")],
        "empty: expected a certificate in PEM",
      ],
      [
        ["--tls-cert", files.path("first.pem"), "--tls-key", files.path("second.key")],
        "second.key: it is not the certificate's",
      ],
    ];
    await Promise.all(attempts.map(async ([words, complaint]) => {
      const started = startProcess([...runnerbeanCommand(), "-p", "0", ...words]);
      assertEquals(await started.exited, 5);
      assert(started.stderr().includes(complaint), started.stderr());
    }));
  });
});
