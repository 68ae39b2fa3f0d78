// The small parts of a start, each against texts and tables: service names, users, descriptors, socket activation.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { takeActivation } from "../../src/cli/activation.ts";
import {
  type DescriptorNeeds,
  openFilesLimit,
  shareDescriptors,
  systemOpenFiles,
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

describe("the limit of open files", () => {
  it("is the soft one", () => {
    assertEquals(
      openFilesLimit("Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   524288   files\n"),
      1024,
    );
    assertEquals(openFilesLimit("Max open files   unlimited   unlimited   files\n"), 1048576);
    assertEquals(openFilesLimit("Max processes  5  5  processes\n"), null);
    const here = systemOpenFiles();
    assert(here.limit === null || here.limit > 0, String(here.limit));
    assert(here.used === null || here.used > 0, String(here.used));
  });
});

describe("the budget of descriptors", () => {
  const alone: DescriptorNeeds = {
    maxConnections: null,
    listeners: 1,
    hasHttp: false,
    hasTls: false,
    store: "memory",
  };
  const WAYS: Partial<DescriptorNeeds>[] = [
    {},
    { store: "binlog" },
    { store: "kv", listeners: 3 },
    { hasHttp: true, listeners: 2 },
    { hasHttp: true, hasTls: true, store: "binlog", listeners: 4 },
    { hasHttp: true, hasTls: true, store: "binlog", listeners: 4, maxConnections: 100_000 },
    { hasHttp: true, store: "binlog", listeners: 2, maxConnections: 3 },
  ];

  it("fits the limit together, with room for the log and the runtime", () => {
    for (const way of WAYS) {
      const needs = { ...alone, ...way };
      for (const limit of [16, 40, 48, 64, 100, 128, 256, 512, 1024, 4096, 1_048_576]) {
        for (const used of [10, 30]) {
          const what = JSON.stringify({ needs, limit, used });
          const budget = shareDescriptors(needs, { limit, used });
          const { connections, httpConnections, handshakes, reserved } = budget;
          assert(connections >= 1 && reserved >= 4 && reserved <= 16, what);
          assertEquals([httpConnections > 0, handshakes > 0], [needs.hasHttp, needs.hasTls], what);
          const least = 1 + Number(needs.hasHttp) + Number(needs.hasTls);
          const taken = used + needs.listeners + connections + httpConnections + handshakes;
          assert(taken <= limit || taken - used - needs.listeners === least, what);
          // At 512 and more nothing is short: the log has its files and its reserve, and some are left.
          const kept = { memory: 20, binlog: 48, kv: 36 }[needs.store];
          if (limit >= 512) assert(limit - taken >= kept, `${what}: ${limit - taken} are left`);
        }
      }
    }
  });

  it("leaves to HTTP a quarter, or what --max-connections leaves", () => {
    const files = { limit: 512, used: 30 };
    const withHttp = { ...alone, hasHttp: true, listeners: 2, store: "binlog" } as const;
    const { connections, httpConnections } = shareDescriptors(withHttp, files);
    assertEquals([connections, httpConnections], [324, 108]);
    const asked = shareDescriptors({ ...withHttp, maxConnections: 50 }, files);
    assertEquals([asked.connections, asked.httpConnections, asked.warning], [50, 382, null]);
  });

  it("is refused when the limit leaves too little to work with", () => {
    const problem = (limit: number | null, way: Partial<DescriptorNeeds> = {}): string | null =>
      shareDescriptors({ ...alone, ...way }, { limit, used: 30 }).problem;
    assertEquals(
      problem(38),
      "the limit of 38 open files is too low: at least 39 are needed; raise it (ulimit -n, LimitNOFILE=)",
    );
    assertEquals([problem(39), problem(null)], [null, null]);
    assert(problem(54, { store: "binlog" })?.includes("at least 55 are needed"));
    assertEquals(problem(55, { store: "binlog" }), null);
    assert(problem(16, { store: "kv", listeners: 3 }) !== null);
  });

  it("says when --max-connections does not fit", () => {
    const files = { limit: 1024, used: 24 };
    assertEquals(shareDescriptors({ ...alone, maxConnections: 979 }, files).warning, null);
    const cut = shareDescriptors({ ...alone, maxConnections: 980 }, files);
    assertEquals(cut.connections, 979);
    assertEquals(
      cut.warning,
      "--max-connections 980 does not fit the limit of 1024 open files; using 979: raise the limit " +
        "(ulimit -n, LimitNOFILE=)",
    );
  });

  it("takes what is asked for where the limit cannot be known, and assumes 1,024 otherwise", () => {
    const unknown = { limit: null, used: null };
    assertEquals(shareDescriptors({ ...alone, maxConnections: 5000 }, unknown).connections, 5000);
    assertEquals(shareDescriptors(alone, unknown).connections, 1024 - 32 - 1 - 20);
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

  it("takes all descriptors from 3 on, by their names, and tells what it ignores", () => {
    const one = { LISTEN_PID: "77", LISTEN_FDS: "1" };
    assertEquals(takeActivation(silent, { ...one }, 77, isSocket), {
      kind: "inherited",
      sockets: [{ fd: 3, name: null }],
      warnings: [],
    });
    const three = { ...one, LISTEN_FDS: "3", LISTEN_FDNAMES: "tcp::runnerbean.socket" };
    assertEquals(takeActivation(given, three, 77, isSocket), {
      kind: "inherited",
      sockets: [{ fd: 3, name: "tcp" }, { fd: 4, name: null }, { fd: 5, name: "runnerbean.socket" }],
      warnings: [
        "listening on inherited sockets; -l is ignored",
        "listening on inherited sockets; -p is ignored",
      ],
    });
  });

  it("refuses nonsense with exit code 111", () => {
    const codeOf = (env: Record<string, string>, socket = true): number | string => {
      const activation = takeActivation(silent, { ...env }, 77, () => socket);
      return activation.kind === "problem" ? activation.exitCode : activation.kind;
    };
    for (const LISTEN_FDS of ["0", "-1", "x", "", " 1", "1x", "1001", "99999999999"]) {
      assertEquals(codeOf({ LISTEN_PID: "77", LISTEN_FDS }), 111);
    }
    for (const LISTEN_PID of ["0", "x", "", "-77"]) {
      assertEquals(codeOf({ LISTEN_PID, LISTEN_FDS: "1" }), 111);
    }
    assertEquals(codeOf({ LISTEN_PID: "77", LISTEN_FDS: "1" }, false), 111);
    const isFirst = (fd: number): boolean => fd === 3;
    const second = takeActivation(silent, { LISTEN_PID: "77", LISTEN_FDS: "2" }, 77, isFirst);
    assert(second.kind === "problem" && second.problem.includes("descriptor 4"));
  });
});
