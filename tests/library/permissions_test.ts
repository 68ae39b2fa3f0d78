// Each entry point with exactly the permissions that docs/RUNTIMES.md lists, and with one fewer: then the error is typed and
// names the flag. On Deno by its flags, on Node by its permission model; Bun has no permissions.
import { after, before, describe, it } from "node:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { missingFlag } from "../../src/runtime/permission.ts";
import { RUNTIME } from "../support/runtime.ts";
import { PROJECT_DIR, startProcess } from "../support/server_process.ts";
import { until } from "../worker/places.ts";

let scripts = 0;

/**
 * Starts Deno with these flags and no others. By way of a script: when Deno sees itself among the words of a command that
 * node:child_process is to start, it adds -A.
 */
function startDeno(folder: string, words: readonly string[]): ReturnType<typeof startProcess> {
  const script = join(folder, `start-${++scripts}.sh`);
  const command = [process.execPath, "run", "--no-prompt", "--no-check", ...words];
  writeFileSync(script, `exec ${command.map((word) => `'${word}'`).join(" ")}\n`);
  return startProcess(["sh", script]);
}

interface Road {
  readonly name: string;
  /** Prints "ok" when all of it went well. DIR is a directory of its own. */
  readonly code: string;
  readonly flags: readonly string[];
  /** Without one of the flags: the flag that the error must name. */
  readonly fewer?: Readonly<Record<string, string>>;
}

const IMPORTS = {
  queue: `import { binlog, connect, kv, PermissionError, Queue } from "${PROJECT_DIR}mod.ts";`,
  client: `import { connect, PermissionError } from "${PROJECT_DIR}src/client/mod.ts";`,
};

/** A put, a reserve, all statistics, and a delete. */
const WORK = `
const tube = queue.tube("t");
const id = await tube.put("x");
const job = await tube.reserve();
const facts = await queue.stats();
if (typeof facts.hostname !== "string" || typeof facts.os !== "string") throw new Error("facts");
if (facts["rusage-utime"] === undefined || facts.pid === undefined) throw new Error("facts");
await queue.statsJob(id); await tube.stats(); await queue.tubes(); await queue.ping();
await job.delete(); await queue.close();
console.log("ok");`;

const SERVER = `
const queue = await Queue.open();
const { port } = await queue.listen({ port: 0 });
const client = await connect({ port });
await client.stats(); await client.tube("u").put("y"); await client.close();${WORK}`;

const DENO: readonly Road[] = [
  { name: "`.`, in memory", code: `${IMPORTS.queue} const queue = await Queue.open();${WORK}`, flags: [] },
  {
    name: "`.`, listening on TCP",
    code: `${IMPORTS.queue}${SERVER}`,
    flags: ["--allow-net=127.0.0.1"],
    fewer: { "--allow-net=127.0.0.1": "--allow-net" },
  },
  {
    name: "`.`, listening on a Unix socket",
    code: `${IMPORTS.queue} const queue = await Queue.open(); await queue.listen({ path: "DIR/socket" });
      const client = await connect({ path: "DIR/socket" }); await client.stats(); await client.close();${WORK}`,
    flags: ["--allow-net=127.0.0.1,unix:DIR/socket", "--allow-read=DIR/socket", "--allow-write=DIR/socket"],
    fewer: {
      "--allow-net=127.0.0.1,unix:DIR/socket": "--allow-net",
      "--allow-read=DIR/socket": "--allow-read",
      "--allow-write=DIR/socket": "--allow-write",
    },
  },
  {
    name: "`.`, with binlog()",
    code: `${IMPORTS.queue} const queue = await Queue.open({ store: binlog("DIR/log") });${WORK}`,
    flags: ["--allow-read=DIR/log", "--allow-write=DIR/log"],
    fewer: { "--allow-read=DIR/log": "--allow-read", "--allow-write=DIR/log": "--allow-write" },
  },
  {
    name: "`.`, with kv()",
    code: `${IMPORTS.queue} const queue = await Queue.open({ store: kv("DIR/jobs.kv") });${WORK}`,
    flags: ["--unstable-kv", "--allow-read=DIR/jobs.kv", "--allow-write=DIR/jobs.kv"],
    fewer: { "--allow-read=DIR/jobs.kv": "--allow-read", "--allow-write=DIR/jobs.kv": "--allow-write" },
  },
  {
    name: "`./client`",
    code: `${IMPORTS.client} const queue = await connect({ port: PORT });${WORK}`,
    flags: ["--allow-net=127.0.0.1:PORT"],
    fewer: { "--allow-net=127.0.0.1:PORT": "--allow-net" },
  },
  {
    name: "`./client`, by a name",
    code: `${IMPORTS.client} const queue = await connect({ host: "localhost", port: PORT });${WORK}`,
    flags: ["--allow-net=localhost:PORT"],
    fewer: { "--allow-net=localhost:PORT": "--allow-net" },
  },
  {
    name: "`./core`",
    code: `import { Engine } from "${PROJECT_DIR}src/core/mod.ts"; new Engine().open(); console.log("ok");`,
    flags: [],
  },
  {
    name: "`./protocol`",
    code: `import { Parser } from "${PROJECT_DIR}src/protocol/mod.ts"; new Parser(); console.log("ok");`,
    flags: [],
  },
  ...["deno", "node"].map((name): Road => ({
    name: `\`./${name}\``,
    code: `import { Engine } from "${PROJECT_DIR}src/core/mod.ts"; ${IMPORTS.client}
      import { createServer, listen, openClock } from "${PROJECT_DIR}src/library/${name}.ts";
      const server = createServer({ engine: new Engine(), clock: await openClock() });
      const { address, close } = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, server.accept);
      const queue = await connect({ port: address.port });${WORK}
      close(); server.stop(); Deno.exit(0);`,
    flags: ["--allow-net=127.0.0.1"],
    fewer: { "--allow-net=127.0.0.1": "--allow-net" },
  })),
];

const NODE: readonly Road[] = [
  { name: "`.`, in memory", code: `${IMPORTS.queue} const queue = await Queue.open();${WORK}`, flags: [] },
  {
    name: "`.`, listening on TCP",
    code: `${IMPORTS.queue}${SERVER}`,
    flags: ["--allow-net"],
    fewer: { "--allow-net": "--allow-net" },
  },
  {
    name: "`./client`",
    code: `${IMPORTS.client} const queue = await connect({ port: PORT });${WORK}`,
    flags: ["--allow-net"],
    fewer: { "--allow-net": "--allow-net" },
  },
];

const ROADS: readonly Road[] = RUNTIME === "deno" ? DENO : RUNTIME === "node" ? NODE : [];

/** Everything is caught; a PermissionError is printed with its flag. */
const guarded = (code: string): string => {
  const [, imports, rest] = /^((?:\s*import [^;]*;)*)([^]*)$/.exec(code)!;
  return `${imports}
try {${rest}} catch (error) {
  console.log(error?.name, error?.code, error?.flag);
  console.log(error?.message);
  (globalThis.Deno?.exit ?? globalThis.process.exit)(3);
}`;
};

describe(
  "entry points and permissions",
  { skip: RUNTIME === "bun" ? "Bun has no permissions" : false },
  () => {
    let folder: string;
    let port = 0;
    let server: ReturnType<typeof startProcess>;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "runnerbean-permissions-"));
      const file = join(folder, "server.ts");
      writeFileSync(
        file,
        `${IMPORTS.queue} const queue = await Queue.open(); console.log((await queue.listen({ port: 0 })).port);`,
      );
      server = RUNTIME === "deno"
        ? startDeno(folder, ["--allow-net=127.0.0.1", file])
        : startProcess([process.execPath, file]);
      await until(() => /^\d+\n/.test(server.stdout()), "the server");
      port = Number(server.stdout());
    });
    after(async () => {
      await server.stop();
      rmSync(folder, { recursive: true });
    });

    const run = async (road: Road, without: string | null, at: number): Promise<[number | null, string]> => {
      const directory = join(folder, `${at}`);
      mkdirSync(join(directory, "log"), { recursive: true });
      const fill = (text: string): string =>
        text.replaceAll("DIR", directory).replaceAll("PORT", String(port));
      const file = join(directory, "program.ts");
      writeFileSync(file, fill(guarded(road.code)));
      const flags = road.flags.filter((flag) => flag !== without).map(fill);
      const program = RUNTIME === "deno" ? startDeno(directory, [...flags, file]) : startProcess([
        process.execPath,
        "--no-warnings",
        "--permission",
        "--allow-fs-read=*",
        ...flags,
        file,
      ]);
      const code = await program.exited;
      return [code, program.stdout() + program.stderr()];
    };

    for (const [i, road] of ROADS.entries()) {
      it(`${road.name} needs ${road.flags.join(" ") || "none"}`, async () => {
        assertEquals(await run(road, null, i), [0, "ok\n"]);
      });
      for (const [j, [without, flag]] of Object.entries(road.fewer ?? {}).entries()) {
        it(`${road.name} without ${without} says so`, async () => {
          const [code, printed] = await run(road, without, 100 + 10 * i + j);
          const [first, message] = printed.split("\n");
          assertEquals([code, first], [3, `PermissionError NOT_PERMITTED ${flag}`], printed);
          assert(message.includes(flag) && message.includes("is not permitted"), message);
        });
      }
    }

    it("are those that docs/RUNTIMES.md lists", {
      skip: RUNTIME === "deno" ? false : "told by Deno's own run",
    }, () => {
      const text = readFileSync(join(PROJECT_DIR, "docs/RUNTIMES.md"), "utf8");
      for (const { name, flags } of DENO) {
        const line = text.split("\n").find((line) => line.startsWith(`| ${name} `));
        assert(line !== undefined, `${name} is in docs/RUNTIMES.md`);
        const listed = [...line.matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
        assertEquals(listed, flags.map((flag) => flag.split("=")[0]), line);
      }
    });
  },
);

describe("the command line and permissions", {
  skip: RUNTIME === "deno" ? false : "Deno's flags",
}, () => {
  const runMain = async (
    flags: readonly string[],
    words: readonly string[],
  ): Promise<[number | null, string]> => {
    const folder = mkdtempSync(join(tmpdir(), "runnerbean-permissions-"));
    const program = startDeno(folder, [...flags, `${PROJECT_DIR}src/cli/main.ts`, ...words]);
    let isOver = false;
    void program.exited.then(() => isOver = true);
    await until(
      () => isOver || program.stdout().includes("listening") || program.stderr().includes("listening"),
      "it",
    );
    const code = isOver ? await program.exited : (await program.stop("SIGTERM"), 0);
    rmSync(folder, { recursive: true });
    return [code, program.stdout() + program.stderr()];
  };

  for (const [flags, words] of [[[], ["-p", "0"]], [["--allow-env"], ["check", "/tmp"]]] as const) {
    it(`say in one line what is missing: ${flags.join(" ")} ${words.join(" ")}`, async () => {
      const [code, printed] = await runMain(flags, words);
      assertEquals([code, printed.trim().split("\n").length], [77, 1], printed);
      assert(/^runnerbean: the runtime does not permit this: .* --allow-\w+ flag/.test(printed), printed);
    });
  }

  it("serve with those that docs/RUNTIMES.md lists", async () => {
    const [code, printed] = await runMain(["--allow-env", "--allow-net=127.0.0.1"], [
      "-l",
      "127.0.0.1",
      "-p",
      "0",
    ]);
    assertEquals(code, 0, printed);
    assert(printed.includes("listening on 127.0.0.1:"), printed);
  });
});

describe("an error that means a missing permission", () => {
  it("is told from others", () => {
    const named = (name: string, message: string, more: object = {}): Error =>
      Object.assign(new Error(message), { name }, more);
    const cases: [unknown, string | null][] = [
      [named("NotCapable", 'Requires net access to "x", run again with the --allow-net flag'), "--allow-net"],
      [named("Error", 'Requires sys access to "uid", run again with the --allow-sys flag'), "--allow-sys"],
      [named("NotCapable", "no flag is named"), ""],
      [named("Error", "Use --allow-fs-read to manage", { code: "ERR_ACCESS_DENIED" }), "--allow-fs-read"],
      [named("Error", "getaddrinfo EPERM x", { code: "EPERM", syscall: "getaddrinfo" }), "--allow-net"],
      [named("Error", "operation not permitted", { code: "EPERM", syscall: "bind" }), null],
      [named("Error", "permission denied", { code: "EACCES" }), null],
      [new TypeError("x"), null],
      ["NotCapable", null],
      [null, null],
    ];
    for (const [error, flag] of cases) assertEquals(missingFlag(error), flag);
  });
});
