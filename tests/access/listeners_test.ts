// Listeners that stand for an identity, what a start refuses, and what it warns of.
import { after, before, describe, it } from "node:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { exposures, isLoopback } from "../../src/cli/exposure.ts";
import { parseListenAs } from "../../src/cli/listen_as.ts";
import type { Address } from "../../src/ports/transport.ts";
import { sleep } from "../support/runtime.ts";
import { freePort, runnerbeanCommand, startProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { tokenOf } from "./guarded_server.ts";

async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 10_000; !isSo() && Date.now() < giveUpAt;) await sleep(10);
}

describe("--listen-as", () => {
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-listen-"));
  const tokens = join(folder, "tokens");
  before(() => {
    const text = `cron put=nightly\nviewer read=*\nops admin=* token=${tokenOf("ops")}\n`;
    writeFileSync(tokens, text, { mode: 0o644 });
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is an address and who it stands for", () => {
    const unix = (path: string, mode: number) => ({ identity: "a", address: { kind: "unix", path }, mode });
    const tcp = (host: string, port: number) => ({
      identity: "a",
      address: { kind: "tcp", host, port },
      mode: 0o600,
    });
    const good: [string, unknown][] = [
      ["a=unix:/run/x", unix("/run/x", 0o600)],
      ["a=unix:/run/x,mode=0660", unix("/run/x", 0o660)],
      ["a=unix:/run/x,mode=777", unix("/run/x", 0o777)],
      ["a=11301", tcp("127.0.0.1", 11301)],
      ["a=0.0.0.0:11301", tcp("0.0.0.0", 11301)],
      ["a=[::1]:11301", tcp("::1", 11301)],
    ];
    for (const [text, listener] of good) {
      assertEquals(parseListenAs(text), listener as ReturnType<typeof parseListenAs>, text);
    }
    for (
      const bad of ["", "a", "a=", "=1", "a=x", "a=unix:", "a=1:2:3", "a=h:65536", "-=1", "a=::1:5", "a b=1"]
    ) {
      assertEquals(parseListenAs(bad), null, bad);
    }
  });

  it("gives clients that know of no tokens an identity, which a token may replace", async () => {
    const path = join(folder, "cron.socket");
    const port = await freePort();
    const server = await startServer({
      args: [
        "--auth",
        tokens,
        "--listen-as",
        `cron=unix:${path},mode=0660`,
        `--listen-as=viewer=127.0.0.1:${port}`,
      ],
      env: { RUNNERBEAN_TOKENS: `guest read=default token=${tokenOf("guest")}` },
    });
    await until(() => server.stdout().includes("as viewer"));
    const cron = await WireClient.connectUnix(path);
    assertEquals(statSync(path).mode & 0o777, 0o660);
    assertEquals(await cron.ask("use nightly\r\n"), "USING nightly\r\n");
    assertEquals(await cron.ask("put 0 0 60 1\r\nx\r\n"), "INSERTED 1\r\n");
    assertEquals(await cron.ask("peek 1\r\n"), "UNAUTHORIZED\r\n");
    assertEquals(await cron.ask(`auth ${tokenOf("nobody")}\r\n`), "UNAUTHORIZED\r\n");
    assertEquals(await cron.ask("put 0 0 60 1\r\nx\r\n"), "INSERTED 2\r\n");
    assertEquals(await cron.ask(`auth ${tokenOf("ops")}\r\n`), "AUTHENTICATED\r\n");
    assertEquals(await cron.ask("peek 1\r\n"), "FOUND 1 1\r\nx\r\n");
    const viewer = await WireClient.connect(port);
    assertEquals(await viewer.ask("peek 1\r\n"), "FOUND 1 1\r\nx\r\n");
    assertEquals(await viewer.ask("delete 1\r\n"), "UNAUTHORIZED\r\n");
    const guest = await WireClient.connect(server.port);
    assertEquals(await guest.ask("stats-tube default\r\n"), "UNAUTHORIZED\r\n");
    await guest.ask(`auth ${tokenOf("guest")}\r\n`);
    assert((await guest.ask("stats-tube default\r\n")).startsWith("OK "));
    for (const client of [cron, viewer, guest]) client.close();
    server.signal("SIGTERM");
    assertEquals(await server.exited, 0);
    assert(!existsSync(path), "the socket was left behind");
    assert(server.stderr().includes("holds tokens and others may read it"), server.stderr());
    assert(!(server.stdout() + server.stderr()).includes("token-of-"), "a token was printed");
  });

  it("and the token file must fit together, or nothing is started", async () => {
    const bad = join(folder, "bad");
    writeFileSync(bad, `ops admin=* token=${tokenOf("ops")}\nmailer put=* token=${tokenOf("ops")}\n`);
    const attempts: [string[], string][] = [
      [["--listen-as", "cron=0"], "--listen-as: expected --auth FILE, which says what cron may do"],
      [
        ["--auth", tokens, "--listen-as", "nobody=0"],
        '--listen-as: expected a name that access control knows, got "nobody"',
      ],
      [["--auth", bad], `${bad}: line 2: token: line 1 has the same`],
      [["--auth", join(folder, "none")], `--auth ${join(folder, "none")}: `],
    ];
    await Promise.all(attempts.map(async ([words, complaint]) => {
      const started = startProcess([...runnerbeanCommand(), "-p", "0", ...words]);
      assertEquals(await started.exited, 5);
      assert(started.stderr().includes(complaint), started.stderr());
      assert(!started.stderr().includes("token-of-"), started.stderr());
    }));
  });
});

describe("a door that others can reach", () => {
  const tcp = (host: string): Address => ({ kind: "tcp", host, port: 1 });
  const options = { listenAs: [parseListenAs("cron=1")!], tlsCert: null };

  it("is warned of when nothing keeps them out, or listens on the way", () => {
    const open = tcp("0.0.0.0");
    const home = tcp("127.0.0.1");
    const said = (
      addresses: Address[],
      http: Address | null,
      hasAccess: boolean,
      tlsCert: string | null = null,
      further: Address[] = [],
    ): string[] =>
      exposures({ ...options, tlsCert }, { main: addresses, further, http }, hasAccess).map((line) =>
        /without \w+(?: control)?|whoever reaches it is \w+/.exec(line)?.[0] ?? line
      );
    assertEquals(said([home], null, false), []);
    assertEquals(said([{ kind: "unix", path: "/x" }], home, false), []);
    assertEquals(said([open], open, false), ["without access control", "without access control"]);
    assertEquals(said([tcp("::")], home, true), ["without TLS"]);
    assertEquals(said([tcp("jobs.example")], null, true, "cert"), []);
    assertEquals(said([home], null, true, "cert", [open]), ["whoever reaches it is cron"]);
    assertEquals(said([home, open, home, open], null, false).length, 2, "each of several is judged");
    const unknown: Address = { kind: "descriptor", fd: 3 };
    assertEquals([said([unknown], null, false).length, said([unknown], null, true, "cert")], [1, []]);
  });

  it("is any but this machine's own", () => {
    const own = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:7fff:1"];
    const others = [
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "localhost",
      "1270.0.0.1",
      "",
      "::ffff:a00:1",
      "::ffff:7f0:1",
    ];
    assertEquals([own.every(isLoopback), others.some(isLoopback)], [true, false]);
  });

  it("is said loudly at the start", async () => {
    const port = await freePort();
    const started = startProcess([...runnerbeanCommand(), "-l", "0.0.0.0", "-p", String(port)]);
    await until(() => started.stderr().includes("WARNING"));
    await started.stop("SIGTERM");
    assert(
      started.stderr().includes(`WARNING: 0.0.0.0:${port} is open to the network without access control`),
      started.stderr(),
    );
  });
});
