// Where a server listens, however that is spelt: it is announced and judged by the address that its socket has, and what
// cannot be had is refused in the same words on every runtime.
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os, { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findTcp, findUnix } from "../../src/cli/inherited_address.ts";
import { isHostName, resolveHost, withoutBrackets } from "../../src/cli/resolve_host.ts";
import { NO_EPOLL } from "../epoll/no_epoll.ts";
import { freePort, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { requireProgram, skipWithout } from "../support/runtime.ts";
import { listeningOn, runToEnd, toEnd, until } from "./run_command.ts";

const LIMIT = { timeout: 240_000 };
const HAS_IPV6 = Object.values(os.networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1")
);
const NO_IPV6 = HAS_IPV6 ? false : "needs IPv6";

async function serves(port: number, host: string): Promise<void> {
  const client = await WireClient.connect(port, host);
  assertEquals(await client.ask("use x\r\n"), "USING x\r\n", host);
  client.close();
}

/** Spelling, the address it is, who reaches it, and whether others than this machine do. */
const SPELLINGS: [string, string, string[], boolean, string | false][] = [
  ["127.0.0.1", "127.0.0.1", ["127.0.0.1"], false, false],
  ["127.1", "127.0.0.1", ["127.0.0.1"], false, false],
  ["127.0.0.9", "127.0.0.9", ["127.0.0.9"], false, false],
  ["localhost", "127.0.0.1", ["127.0.0.1"], false, false],
  ["0.0.0.0", "0.0.0.0", ["127.0.0.1"], true, false],
  ["0", "0.0.0.0", ["127.0.0.1"], true, false],
  ["::1", "[::1]", ["::1"], false, NO_IPV6],
  ["[::1]", "[::1]", ["::1"], false, NO_IPV6],
  ["::", "[::]", ["::1", "127.0.0.1"], true, NO_IPV6],
  ["*", "[::]", ["::1", "127.0.0.1"], true, NO_IPV6],
];
for (const io of ["native", "epoll"]) {
  describe(`-l, ${io}`, { skip: io === "epoll" ? NO_EPOLL : false }, () => {
    for (const [text, address, reachedBy, isExposed, skip] of SPELLINGS) {
      it(`${text} is ${address}`, { ...LIMIT, skip }, async () => {
        const port = await freePort();
        const server = startProcess([...runnerbeanCommand(), "-l", text, "-p", String(port), "--io", io]);
        try {
          assertEquals(await listeningOn(server), `${address}:${port}`);
          for (const host of reachedBy) await serves(port, host);
          const isWarned = server.stderr().includes(`WARNING: ${address}:${port} is open to the network`);
          assertEquals(isWarned, isExposed, server.stderr());
        } finally {
          await server.stop();
        }
      });
    }

    it("several are all served, and judged one by one", LIMIT, async () => {
      const directory = mkdtempSync(join(tmpdir(), "runnerbean-listen-"));
      const path = join(directory, "socket");
      const port = await freePort();
      const more = HAS_IPV6 ? ["-l", "[::1]"] : [];
      const words = ["-l", "127.0.0.1", "-l", `unix:${path}`, ...more, "-p", String(port), "--io", io];
      const server = startProcess([...runnerbeanCommand(), ...words]);
      try {
        await until(
          server,
          "listening",
          () => server.stdout().split("listening on").length === (HAS_IPV6 ? 4 : 3),
        );
        await serves(port, "127.0.0.1");
        if (HAS_IPV6) await serves(port, "::1");
        const client = await WireClient.connectUnix(path);
        assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
        client.close();
        server.signal("SIGTERM");
        assertEquals((await toEnd(server)).code, 0);
        assertEquals(net.isIP("x") === 0 && !(await exists(path)), true, "the socket was left behind");
      } finally {
        await server.stop();
        rmSync(directory, { recursive: true });
      }
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return await WireClient.connectUnix(path).then(() => true, () => false);
}

describe("an address that cannot be had", () => {
  let directory = "";
  let taken: net.Server;
  let port = 0;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "runnerbean-listen-"));
    writeFileSync(join(directory, "file"), "");
    taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    port = (taken.address() as net.AddressInfo).port;
  });
  after(() => {
    taken.close();
    rmSync(directory, { recursive: true });
  });

  /** Flags, and what is said of them; ${TAKEN} and ${DIR} stand for what there is. */
  const REFUSED: [string[], string][] = [
    [
      ["-l", "127.0.0.1", "-p", "${TAKEN}"],
      "-l: cannot listen on 127.0.0.1:${TAKEN}: the port is in use; stop what listens there " +
      "(ss -ltnp sport = :${TAKEN}) or take another port",
    ],
    [
      ["-l", "192.0.2.1", "-p", "0"],
      "-l: cannot listen on 192.0.2.1:0: this machine has no such address; " +
      "take one of its own (ip address), or * for all",
    ],
    [
      ["-l", "no.such.host.invalid", "-p", "0"],
      "-l: cannot listen on no.such.host.invalid:0: ", // a machine without a name service says so
    ],
    [
      ["-l", "unix:${DIR}/none/socket"],
      "-l: cannot listen on unix:${DIR}/none/socket: there is no directory ${DIR}/none; create it",
    ],
    [
      ["-l", "unix:${DIR}/file"],
      "cannot listen on unix:${DIR}/file: there is a file there that is no socket",
    ],
    [["-l", `unix:/tmp/${"x".repeat(103)}`], "the path has 108 bytes, at most 107 are possible"],
    [
      ["-p", "0", "--http", "127.0.0.1:${TAKEN}"],
      "--http: cannot listen on 127.0.0.1:${TAKEN}: the port is in use; ",
    ],
    [["-p", "0", "--http", "192.0.2.1:0"], "--http: cannot listen on 192.0.2.1:0: this machine has no such "],
    [["-p", "0", "--http", "no.such.host.invalid:0"], "--http: cannot listen on no.such.host.invalid:0: "],
    [
      ["-p", "0", "--auth", "${DIR}/tokens", "--listen-as", "a=127.0.0.1:${TAKEN}"],
      "--listen-as: cannot listen on 127.0.0.1:${TAKEN}: the port is in use; ",
    ],
    [
      ["-l", "127.0.0.1", "-l", "192.0.2.1", "-p", "0"],
      "-l: cannot listen on 192.0.2.1:0: this machine has no such address; ",
    ],
  ];
  for (const [words, said] of REFUSED) {
    it(`${words.join(" ").slice(0, 60)}: exit code 111`, LIMIT, async () => {
      writeFileSync(join(directory, "tokens"), "a put=*\n", { mode: 0o600 });
      const filled = (text: string): string =>
        text.replaceAll("${TAKEN}", String(port)).replaceAll("${DIR}", directory);
      const ended = await runToEnd([...runnerbeanCommand(), ...words.map(filled)]);
      assertEquals(ended.code, 111, ended.stderr);
      assert(ended.stderr.includes(filled(said)), ended.stderr);
      assertEquals(ended.stderr.split("\n").length, 2, "one line");
      assert(!/Failed to listen|os error|EADDR|ENOTFOUND/.test(ended.stderr), ended.stderr);
    });
  }
});

describe("a unix socket that everybody may open", () => {
  it("is warned of, with the umask 0 only", LIMIT, async () => {
    const directory = mkdtempSync(join(tmpdir(), "runnerbean-listen-"));
    chmodSync(directory, 0o755);
    try {
      for (const [umask, isWarned] of [["000", true], ["022", false]] as const) {
        const path = join(directory, umask);
        const shell = [
          "sh",
          "-c",
          `umask ${umask}; exec "$0" "$@"`,
          ...runnerbeanCommand(),
          "-l",
          `unix:${path}`,
        ];
        const server = startProcess(shell);
        try {
          await listeningOn(server);
          const warning = `WARNING: unix:${path} is open to every user of this machine`;
          if (isWarned) await until(server, "a warning", () => server.stderr().includes(warning));
          else assertEquals(server.stderr(), "");
        } finally {
          await server.stop("SIGTERM");
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("sockets that are handed over", { skip: skipWithout("systemd-socket-activate", "systemd") }, () => {
  it("are announced and judged by their own addresses", LIMIT, async () => {
    const [port, open] = [await freePort(), await freePort()];
    const directory = mkdtempSync(join(tmpdir(), "runnerbean-listen-"));
    const path = join(directory, "socket");
    const server = startProcess([
      requireProgram("systemd-socket-activate"),
      `--setenv=HOME=${process.env.HOME ?? "/"}`,
      "-l",
      `127.0.0.1:${port}`,
      "-l",
      `0.0.0.0:${open}`,
      "-l",
      path,
      "--fdname=one:two:three",
      ...runnerbeanCommand(),
    ]);
    try {
      await until(server, "all sockets", () => server.stderr().includes(" as 5."));
      const first = await WireClient.connect(port);
      assertEquals(await first.ask("use x\r\n", 20_000), "USING x\r\n");
      first.close();
      await serves(open, "127.0.0.1");
      const unix = await WireClient.connectUnix(path);
      assertEquals(await unix.ask("use x\r\n"), "USING x\r\n");
      unix.close();
      const said = server.stdout().match(/listening on \S+/g);
      assertEquals(
        said,
        [`127.0.0.1:${port}`, `0.0.0.0:${open}`, `unix:${path}`].map((at) => `listening on ${at}`),
      );
      const warnings = server.stderr().split("\n").filter((line) => line.includes("open to the network"));
      assertEquals(warnings.length, 1, server.stderr());
      assertMatch(warnings[0], new RegExp(`WARNING: 0\\.0\\.0\\.0:${open} is open`));
    } finally {
      await server.stop("SIGTERM");
      rmSync(directory, { recursive: true });
    }
  });
});

describe("the host of a listener", () => {
  const facts = (addresses: string[], hasIpv6 = true) => ({
    lookUp: () => Promise.resolve(addresses.map((address) => ({ address, family: net.isIP(address) }))),
    hasIpv6: () => hasIpv6,
  });

  it("is an address, of IPv4 if a name has one", async () => {
    assertEquals(
      await resolveHost("a.example", facts(["2001:db8::1", "192.0.2.7", "192.0.2.8"])),
      "192.0.2.7",
    );
    assertEquals(await resolveHost("a.example", facts(["2001:db8::1"])), "2001:db8::1");
    assertEquals(await resolveHost("*", facts([])), "::");
    assertEquals(await resolveHost("*", facts([], false)), "0.0.0.0");
    for (const numeric of ["10.0.0.1", "::1", "fe80::1%eth0"]) {
      assertEquals(await resolveHost(numeric, facts([])), numeric);
      if (numeric.includes(":")) assertEquals(await resolveHost(`[${numeric}]`, facts([])), numeric);
    }
    await assertRejects(() => resolveHost("a.example", facts([])), Error, "a.example");
  });

  it("is a name only where a browser would show one", () => {
    assertEquals(["a.example", "localhost"].map(isHostName), [true, true]);
    assertEquals(["*", "10.0.0.1", "::1", "[::1]"].map(isHostName), [false, false, false, false]);
    assertEquals(["[::1]", "::1", "[x]", "[", "[]"].map(withoutBrackets), ["::1", "::1", "[x]", "[", "[]"]);
  });

  it("is found in the kernel's lists", () => {
    const tcp =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
      "   0: 0100007F:2C24 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0\n" +
      "   1: 0100007F:2C24 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0\n" +
      "   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 8 1 0 100 0\n";
    assertEquals(findTcp(tcp, "7"), { kind: "tcp", host: "127.0.0.1", port: 11300 });
    assertEquals(findTcp(tcp, "8"), { kind: "tcp", host: "0.0.0.0", port: 80 });
    assertEquals(findTcp(tcp, "9"), null);
    const six = (hex: string): string =>
      `   0: ${hex}:2C24 0:0000 0A 0:0 00:0 0     0        0 7 1 0 100 0\n`;
    const hosts = [
      ["00000000000000000000000001000000", "::1"],
      ["00000000000000000000000000000000", "::"],
      ["0000000000000000FFFF00000100007F", "::ffff:7f00:1"],
      ["B80D0120000000000000000001000000", "2001:db8::1"],
    ];
    for (const [hex, host] of hosts) {
      assertEquals(findTcp(six(hex), "7"), { kind: "tcp", host, port: 11300 }, hex);
    }
    const unix = "Num       RefCount Protocol Flags    Type St Inode Path\n" +
      "0000000000000000: 00000002 00000000 00010000 0001 01 12 /run/a socket\n" +
      "0000000000000000: 00000002 00000000 00010000 0001 01 13\n";
    assertEquals(findUnix(unix, "12"), { kind: "unix", path: "/run/a socket" });
    assertEquals([findUnix(unix, "13"), findUnix(unix, "1")], [null, null]);
  });
});
