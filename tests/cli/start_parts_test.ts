// The small parts of a start, each against texts and tables: service names, users, descriptors, socket activation.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { takeActivation } from "../../src/cli/activation.ts";
import {
  connectionLimit,
  FALLBACK_CONNECTIONS,
  openFilesLimit,
  systemOpenFilesLimit,
} from "../../src/cli/descriptors.ts";
import { findServicePort } from "../../src/cli/service_port.ts";
import { findUser, lookUpUser } from "../../src/cli/user_database.ts";
import { withLeadingDashes } from "../../src/cli/words.ts";

describe("the words of the command line", () => {
  it("get back a leading -- that the runtime took away, and nothing else", () => {
    const line = (...words: string[]): string[] => ["bun", "main.ts", ...words];
    assertEquals(withLeadingDashes([], line("--")), ["--"]);
    assertEquals(withLeadingDashes(["-v"], line("--", "-v")), ["--", "-v"]);
    assertEquals(withLeadingDashes(["--", "x"], line("--", "--", "x")), ["--", "--", "x"]);
    for (const words of [[], ["--"], ["-V", "--"], ["-V", "--", "x"], [""]]) {
      assertEquals(withLeadingDashes(words, line(...words)), words);
      assertEquals(withLeadingDashes(words, []), words);
    }
    assertEquals(withLeadingDashes(["-v"], ["bun", "--", "main.ts", "-v"]), ["-v"]);
  });
});

describe("service names", () => {
  const SERVICES = "#name 1/tcp\nhttp 80/tcp web www\nhttp 80/udp\ndomain 53/udp\nodd\n";
  const CASES: [string, number | null][] = [["http", 80], ["www", 80], ["domain", null], ["#name", null], [
    "odd",
    null,
  ], ["", null]];
  for (const [name, port] of CASES) {
    it(`${name}: ${port}`, () => assertEquals(findServicePort(name, SERVICES), port));
  }
});

describe("users", () => {
  const PASSWD = "root:x:0:0:root:/root:/bin/bash\nbeans:x:123:456:::\nbroken\n::1:1:::\n";
  it("are found by their whole name only", () => {
    assertEquals(findUser("beans", PASSWD), { name: "beans", uid: 123, gid: 456 });
    for (const name of ["bean", "123", "", "broken", "x"]) assertEquals(findUser(name, PASSWD), null);
  });

  it("are looked up on this machine", () => {
    assertEquals(lookUpUser("root"), { name: "root", uid: 0, gid: 0 });
    for (const name of ["no-such-user", "0", "-V", ""]) assertEquals(lookUpUser(name), null);
  });
});

describe("the limit of connections", () => {
  it("is read from the soft limit of open files", () => {
    assertEquals(
      openFilesLimit("Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   524288   files\n"),
      1024,
    );
    assertEquals(openFilesLimit("Max open files   unlimited   unlimited   files\n"), 1048576);
    assertEquals(openFilesLimit("Max processes  5  5  processes\n"), null);
    const here = systemOpenFilesLimit();
    assert(here === null || here > 0, String(here));
  });

  it("leaves a reserve, and cuts what does not fit with a warning", () => {
    assertEquals(connectionLimit(null, 1024), { connections: 960, warning: null });
    assertEquals(connectionLimit(960, 1024), { connections: 960, warning: null });
    assertEquals(connectionLimit(5, 1024), { connections: 5, warning: null });
    assertEquals(connectionLimit(961, 1024), {
      connections: 960,
      warning: "--max-connections 961 does not fit the limit of 1024 open files; using 960",
    });
    assertEquals(connectionLimit(null, null), { connections: FALLBACK_CONNECTIONS, warning: null });
    assertEquals(connectionLimit(5000, null), { connections: 5000, warning: null });
    assertEquals(connectionLimit(null, 64).connections, 32);
    assertEquals(connectionLimit(null, 1).connections, 1);
  });
});

describe("socket activation", () => {
  const given = { listenGiven: true, portGiven: true };
  const silent = { listenGiven: false, portGiven: false };
  const isSocket = (): boolean => true;

  it("is none without variables, or with those of another process, which are removed too", () => {
    for (
      const env of [{}, { LISTEN_FDS: "1" }, { LISTEN_PID: "77" }, { LISTEN_PID: "76", LISTEN_FDS: "x" }]
    ) {
      const variables: Record<string, string | undefined> = { ...env, LISTEN_FDNAMES: "a", HOME: "/" };
      assertEquals(takeActivation(given, variables, 77, isSocket), { kind: "none" });
      assertEquals(variables, { HOME: "/" });
    }
  });

  it("takes descriptor 3 and tells what it ignores", () => {
    const one = { LISTEN_PID: "77", LISTEN_FDS: "1" };
    assertEquals(takeActivation(silent, { ...one }, 77, isSocket), {
      kind: "inherited",
      fd: 3,
      warnings: [],
    });
    assertEquals(takeActivation(given, { ...one, LISTEN_FDS: "2" }, 77, isSocket), {
      kind: "inherited",
      fd: 3,
      warnings: [
        "listening on an inherited socket; -l is ignored",
        "listening on an inherited socket; -p is ignored",
        "inherited 2 sockets; all but the first are ignored",
      ],
    });
  });

  it("refuses nonsense with exit code 111", () => {
    const codeOf = (env: Record<string, string>, socket = true): number | string => {
      const activation = takeActivation(silent, { ...env }, 77, () => socket);
      return activation.kind === "problem" ? activation.exitCode : activation.kind;
    };
    for (const LISTEN_FDS of ["0", "-1", "x", "", " 1", "1x"]) {
      assertEquals(codeOf({ LISTEN_PID: "77", LISTEN_FDS }), 111);
    }
    for (const LISTEN_PID of ["0", "x", "", "-77"]) {
      assertEquals(codeOf({ LISTEN_PID, LISTEN_FDS: "1" }), 111);
    }
    assertEquals(codeOf({ LISTEN_PID: "77", LISTEN_FDS: "1" }, false), 111);
  });
});
