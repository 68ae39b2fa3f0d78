// The command line as text in, options out: every spelling of every flag, what wins, and what is refused with which words.
import { describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FLAGS, variableName } from "../../src/cli/flags.ts";
import { DEFAULT_OPTIONS, type Options } from "../../src/cli/options.ts";
import { type ParsedOptions, parseOptions } from "../../src/cli/parse_options.ts";
import { findServicePort } from "../../src/cli/service_port.ts";
import { USAGE } from "../../src/cli/usage.ts";

type Environment = Record<string, string | undefined>;

const SERVICES = "# a comment\nhttp\t80/tcp\tweb www # more\nntp 123/udp\nbeans 11301/tcp\n";

function parse(argv: string[], env: Environment = {}): ParsedOptions {
  return parseOptions(argv, env, (name) => findServicePort(name, SERVICES));
}

function optionsOf(argv: string[], env: Environment = {}): Options {
  const parsed = parse(argv, env);
  if (parsed.kind !== "run") throw new Error(`${argv.join(" ")}: ${JSON.stringify(parsed)}`);
  return parsed.options;
}

/** "5 message" for a usage problem, else what it is instead. */
function problemOf(argv: string[], env: Environment = {}): string {
  const parsed = parse(argv, env);
  return parsed.kind === "problem" ? `${parsed.exitCode} ${parsed.problem}` : parsed.kind;
}

const tcp = (host: string, port: number): Partial<Options> => ({ listen: [{ kind: "tcp", host, port }] });

/** Short flag or null, long name, value, and the fields that differ from the defaults. */
const SPELLINGS: [string | null, string, string, Partial<Options>][] = [
  ["l", "listen", "0.0.0.0", { ...tcp("0.0.0.0", 11300), listenGiven: true }],
  ["l", "listen", "::1", { ...tcp("::1", 11300), listenGiven: true }],
  ["l", "listen", "[::1]", { ...tcp("::1", 11300), listenGiven: true }],
  ["l", "listen", "[fe80::1%eth0]", { ...tcp("fe80::1%eth0", 11300), listenGiven: true }],
  ["l", "listen", "*", { ...tcp("*", 11300), listenGiven: true }],
  ["l", "listen", "127.1", { ...tcp("127.1", 11300), listenGiven: true }],
  ["l", "listen", "unix:/run/beans", { listen: [{ kind: "unix", path: "/run/beans" }], listenGiven: true }],
  ["p", "port", "1234", { ...tcp("127.0.0.1", 1234), portGiven: true }],
  ["p", "port", "0", { ...tcp("127.0.0.1", 0), portGiven: true }],
  ["p", "port", "65535", { ...tcp("127.0.0.1", 65535), portGiven: true }],
  ["p", "port", "www", { ...tcp("127.0.0.1", 80), portGiven: true }],
  ["b", "binlog", "/var/lib/beans", { binlogDir: "/var/lib/beans" }],
  [null, "kv", "./jobs.kv", { kv: "./jobs.kv" }],
  ["f", "sync", "0", { sync: { kind: "always" } }],
  ["f", "sync", "200", { sync: { kind: "interval", ms: 200 } }],
  [null, "sync", "always", { sync: { kind: "always" } }],
  [null, "sync", "never", { sync: { kind: "never" } }],
  ["s", "segment-bytes", "4096", { segmentBytes: 4096 }],
  ["s", "segment-bytes", "0", { segmentBytes: 0 }],
  ["z", "max-job-bytes", "1000", { maxJobBytes: 1000 }],
  ["z", "max-job-bytes", "0", { maxJobBytes: 0 }],
  ["z", "max-job-bytes", " +7", { maxJobBytes: 7 }],
  ["z", "max-job-bytes", "1073741824", { maxJobBytes: 1073741824 }],
  ["u", "user", "nobody", { user: "nobody" }],
  [null, "max-connections", "5000", { maxConnections: 5000 }],
  [null, "auth", "/etc/tokens", { authFile: "/etc/tokens" }],
  [null, "tls-cert", "cert.pem", { tlsCert: "cert.pem" }],
  [null, "tls-key", "key.pem", { tlsKey: "key.pem" }],
  [null, "tls-client-ca", "ca.pem", { tlsClientCa: "ca.pem" }],
  [null, "listen-as", "ops=unix:/run/ops,mode=0660", {
    listenAs: [{ identity: "ops", address: { kind: "unix", path: "/run/ops" }, mode: 0o660 }],
  }],
  [null, "listen-as", "a=1 b=[::1]:2", {
    listenAs: [
      { identity: "a", address: { kind: "tcp", host: "127.0.0.1", port: 1 }, mode: 0o600 },
      { identity: "b", address: { kind: "tcp", host: "::1", port: 2 }, mode: 0o600 },
    ],
  }],
  [null, "cors", "https://a.example,http://b:8080", { cors: ["https://a.example", "http://b:8080"] }],
  [null, "http-name", "a.example,b", { httpNames: ["a.example", "b"] }],
  [null, "max-memory", "1000", { maxMemoryBytes: 1000 }],
  [null, "max-memory", "3k", { maxMemoryBytes: 3072 }],
  [null, "max-memory", "512M", { maxMemoryBytes: 536870912 }],
  [null, "max-memory", "2g", { maxMemoryBytes: 2147483648 }],
];

describe("the command line: where jobs are kept", () => {
  it("refuses a log and a KV at once, however they are said", () => {
    const problem = "5 -b and --kv: jobs are kept in one of them, not in both";
    assertEquals(problemOf(["-b", "log", "--kv", "jobs.kv"]), problem);
    assertEquals(problemOf(["-b", "log"], { RUNNERBEAN_KV: "jobs.kv" }), problem);
    assertEquals(problemOf(["--kv="]), '5 --kv: expected the path or URL of a Deno KV, got ""');
  });
});

describe("the command line: spellings", () => {
  it("gives the defaults for no words at all", () => {
    assertEquals(optionsOf([]), DEFAULT_OPTIONS);
    assertEquals(DEFAULT_OPTIONS.listen, [{ kind: "tcp", host: "127.0.0.1", port: 11300 }]);
    assertEquals([DEFAULT_OPTIONS.maxJobBytes, DEFAULT_OPTIONS.segmentBytes], [65535, 10485760]);
  });

  for (const [short, long, value, fields] of SPELLINGS) {
    it(`--${long} ${value}: glued, separate, long with a space or "=", and as a variable`, () => {
      const expected = { ...DEFAULT_OPTIONS, ...fields };
      if (short !== null) {
        assertEquals(optionsOf([`-${short}${value}`]), expected);
        assertEquals(optionsOf([`-${short}`, value]), expected);
        assertEquals(optionsOf([`-V${short}`, value]), { ...expected, verbosity: 1 });
      }
      assertEquals(optionsOf([`--${long}`, value]), expected);
      assertEquals(optionsOf([`--${long}=${value}`]), expected);
      assertEquals(optionsOf([], { [variableName(long)]: value }), expected);
    });
  }

  const CLUSTERS: [string[], Partial<Options>][] = [
    [["-VFVu", "name"], { verbosity: 2, sync: { kind: "never" }, user: "name" }],
    [["-VVV"], { verbosity: 3 }],
    [["-V", "--verbose", "-V"], { verbosity: 3 }],
    [["-VFp1234"], { ...tcp("127.0.0.1", 1234), portGiven: true, verbosity: 1, sync: { kind: "never" } }],
    [["-u", "-V"], { user: "-V" }],
    [["--user", "--verbose"], { user: "--verbose" }],
    [["-u", "name=with=equals"], { user: "name=with=equals" }],
    [["--user=name=with=equals"], { user: "name=with=equals" }],
    [["--user="], { user: "" }],
    [["-l", "localhost", "-p", "http"], { ...tcp("localhost", 80), listenGiven: true, portGiven: true }],
    [["--drain-exit"], { drainExit: true }],
    [["--listen-as", "a=1", "--listen-as=b=2"], {
      listenAs: [
        { identity: "a", address: { kind: "tcp", host: "127.0.0.1", port: 1 }, mode: 0o600 },
        { identity: "b", address: { kind: "tcp", host: "127.0.0.1", port: 2 }, mode: 0o600 },
      ],
    }],
    [["--strict"], { strict: true }],
    [["-f99999999999999999999"], { sync: { kind: "interval", ms: Number.MAX_SAFE_INTEGER } }],
  ];
  for (const [argv, fields] of CLUSTERS) {
    it(argv.join(" "), () => assertEquals(optionsOf(argv), { ...DEFAULT_OPTIONS, ...fields }));
  }
});

describe("the command line: what wins", () => {
  it("takes the later of two flags for the same thing", () => {
    assertEquals(optionsOf(["-f", "5", "-F"]).sync, { kind: "never" });
    assertEquals(optionsOf(["-F", "-f", "5"]).sync, { kind: "interval", ms: 5 });
    assertEquals(optionsOf(["--sync", "never", "-f0"]).sync, { kind: "always" });
    assertEquals(optionsOf(["-p1", "--port", "2"]).listen, [{ kind: "tcp", host: "127.0.0.1", port: 2 }]);
    assertEquals(optionsOf(["-z1", "-z2"]).maxJobBytes, 2);
  });

  it("takes all of several -l, each once, on one port", () => {
    const several = [
      { kind: "unix", path: "/a" },
      { kind: "tcp", host: "::1", port: 7 },
      { kind: "tcp", host: "127.0.0.1", port: 7 },
    ] as const;
    const words = ["-l", "unix:/a", "-p", "5", "--listen", "[::1]", "-l127.0.0.1", "-l", "unix:/a", "-p7"];
    assertEquals(optionsOf(words).listen, several);
    const env = { RUNNERBEAN_LISTEN: " unix:/a [::1]  127.0.0.1 unix:/a", RUNNERBEAN_PORT: "7" };
    assertEquals(optionsOf([], env).listen, several);
    assertEquals(optionsOf(["-l", "::1"], env).listen, [several[1]], "flags win over the variable");
    assertEquals(optionsOf(["-l", "unix:/with space"]).listen, [{ kind: "unix", path: "/with space" }]);
    assertEquals(problemOf(["-l", "::1", "-l", "unix:"]), '111 -l: expected a path after unix:, got "unix:"');
  });

  it("judges an address only when it matters", () => {
    assertEquals(optionsOf(["-p", "nosuch", "-p", "5"]).listen, [{
      kind: "tcp",
      host: "127.0.0.1",
      port: 5,
    }]);
    assertEquals(optionsOf(["-p", "nosuch", "-l", "unix:/a"]).listen, [{ kind: "unix", path: "/a" }]);
  });

  it("lets flags win over variables, even over a bad one", () => {
    const env = {
      RUNNERBEAN_PORT: "99",
      RUNNERBEAN_SYNC: "nonsense",
      RUNNERBEAN_VERBOSE: "2",
      RUNNERBEAN_USER: "env",
    };
    const options = optionsOf(["-p", "7", "-F", "-V"], env);
    assertEquals(options.listen, [{ kind: "tcp", host: "127.0.0.1", port: 7 }]);
    assertEquals([options.sync, options.verbosity, options.user], [{ kind: "never" }, 1, "env"]);
  });

  it("ends at the first -h, -v or mistake, from left to right", () => {
    assertEquals(parse(["-h"]).kind, "help");
    assertEquals(parse(["--help"]).kind, "help");
    assertEquals(parse(["-v"]).kind, "version");
    assertEquals(parse(["--version"]).kind, "version");
    assertEquals(parse(["-Vvh"]).kind, "version");
    assertEquals(parse(["-hv"]).kind, "help");
    assertEquals(parse(["-vx", "foo"]).kind, "version");
    assertEquals(parse(["-z", "5k", "-v"]).kind, "problem");
    assertEquals(parse(["-v"], { RUNNERBEAN_SYNC: "x" }).kind, "version");
  });
});

describe("the command line: mistakes", () => {
  const PROBLEMS: [string[], string][] = [
    [["-x"], "5 unknown flag: -x"],
    [["-Vx"], "5 unknown flag: -x"],
    [["--"], "5 unknown flag: --"],
    [["--bogus"], "5 unknown flag: --bogus"],
    [["--bogus=1"], "5 unknown flag: --bogus"],
    [["--p", "1"], "5 unknown flag: --p"],
    [["-"], "5 unknown argument: -"],
    [["foo"], "5 unknown argument: foo"],
    [["-V", "foo"], "5 unknown argument: foo"],
    [[""], "5 unknown argument: "],
    [["-p"], "5 flag requires an argument: -p"],
    [["-Vz"], "5 flag requires an argument: -z"],
    [["--user"], "5 flag requires an argument: --user"],
    [["--drain-exit=yes"], '5 --drain-exit: expected no value, got "yes"'],
    [["--verbose=2"], '5 --verbose: expected no value, got "2"'],
    [["-p", "x"], '111 -p: expected a port number from 0 to 65535 or a service name, got "x"'],
    [["-p", "ntp"], '111 -p: expected a port number from 0 to 65535 or a service name, got "ntp"'],
    [["-p", "-1"], '111 -p: expected a port number from 0 to 65535 or a service name, got "-1"'],
    [["-p", "0x10"], '111 -p: expected a port number from 0 to 65535 or a service name, got "0x10"'],
    [["-p65536"], '5 -p: expected a port number from 0 to 65535 or a service name, got "65536"'],
    [
      ["--port=99999999"],
      '5 --port: expected a port number from 0 to 65535 or a service name, got "99999999"',
    ],
    [["-l", ""], '111 -l: expected an address, a host name, * or unix:PATH, got ""'],
    [["-l", "unix:"], '111 -l: expected a path after unix:, got "unix:"'],
    [["--binlog="], '5 --binlog: expected a folder, got ""'],
  ];
  for (const [argv, expected] of PROBLEMS) {
    it(`${JSON.stringify(argv)}: ${expected}`, () => assertEquals(problemOf(argv), expected));
  }

  /** Each value that is a number, with texts that are none. */
  const BAD: [string | null, string, string[], string][] = [
    ["f", "sync", ["", "x", "-1", "1.5", "5ms", "0x5", "5 ", "1e3"], "milliseconds"],
    [null, "sync", ["Always", "sometimes", "always "], "always, never or"],
    ["s", "segment-bytes", ["", "x", "-1", "10k", "1.5", "4096 "], "a whole number of bytes"],
    ["z", "max-job-bytes", ["", "x", "5k", "0x10", "5 ", "--5", "1.5"], "a whole number of bytes"],
    [null, "max-connections", ["", "0", "-1", "many", "1.5", "9007199254740993"], "connections, 1 or more"],
    [null, "max-memory", ["", "0", "-1", "1.5g", "1t", "1kb", "g", "k1", "99999999999999g"], "k, m or g"],
  ];
  for (const [short, long, texts, expects] of BAD) {
    it(`--${long} names itself and what it takes when the value is bad`, () => {
      for (const text of texts) {
        const got = `, got ${JSON.stringify(text)}`;
        const check = (source: string, problem: string): void => {
          assertStringIncludes(problem, `5 ${source}: expected `);
          assertStringIncludes(problem, expects);
          assert(problem.endsWith(got), problem);
        };
        if (short !== null) check(`-${short}`, problemOf([`-${short}`, text]));
        check(`--${long}`, problemOf([`--${long}`, text]));
        check(`--${long}`, problemOf([`--${long}=${text}`]));
        // A variable that is set to nothing is not set.
        if (text) check(variableName(long), problemOf([], { [variableName(long)]: text }));
        else assertEquals(optionsOf([], { [variableName(long)]: text }), DEFAULT_OPTIONS);
      }
    });
  }

  it("names a variable with a bad value", () => {
    const port = "a port number from 0 to 65535 or a service name";
    assertEquals(
      problemOf([], { RUNNERBEAN_PORT: "70000" }),
      `5 RUNNERBEAN_PORT: expected ${port}, got "70000"`,
    );
    assertEquals(problemOf([], { RUNNERBEAN_PORT: "x" }), `111 RUNNERBEAN_PORT: expected ${port}, got "x"`);
    assertStringIncludes(
      problemOf([], { RUNNERBEAN_VERBOSE: "loud" }),
      "5 RUNNERBEAN_VERBOSE: expected a whole number",
    );
    assertStringIncludes(
      problemOf([], { RUNNERBEAN_DRAIN_EXIT: "maybe" }),
      "5 RUNNERBEAN_DRAIN_EXIT: expected 1, true",
    );
  });
});

describe("the command line: warnings", () => {
  const warningsOf = (argv: string[], env: Environment = {}): readonly string[] => parse(argv, env).warnings;

  it("cuts a body limit above 1 GiB, and a negative one, and says so", () => {
    const cut = ["the maximum job size was set to 1073741824"];
    for (const text of ["1073741825", "-1", "-2", "99999999999999999999999"]) {
      assertEquals(warningsOf(["-z", text]), cut);
      assertEquals(optionsOf(["-z", text]).maxJobBytes, 1073741824);
    }
    assertEquals(warningsOf(["-z", "1073741824"]), []);
  });

  it("ignores -c and -n with a warning each", () => {
    assertEquals(warningsOf(["-cnV"]), [
      "-c is ignored: the binlog is always compacted",
      "-n is ignored: the binlog is always compacted",
    ]);
    assertEquals(optionsOf(["-cnV"]), { ...DEFAULT_OPTIONS, verbosity: 1 });
    assertEquals(parse(["-c", "-x"]).warnings.length, 1);
  });

  it("tells of variables it does not know, but not of those of the tests or of others", () => {
    assertEquals(
      warningsOf([], { RUNNERBEAN_PROT: "1", RUNNERBEAN_HELP: "1", RUNNERBEANS: "1", PATH: "/bin" }),
      [
        "RUNNERBEAN_HELP is not a known variable and is ignored",
        "RUNNERBEAN_PROT is not a known variable and is ignored",
      ],
    );
    const ours = ["SEED", "FUZZ_ROUNDS", "CONFORMANCE_ONLY", "DENO", "BUN", "NODE"];
    assertEquals(warningsOf([], Object.fromEntries(ours.map((name) => [`RUNNERBEAN_${name}`, "1"]))), []);
  });

  it("does not take a container platform's service variable for a port", () => {
    const env = { RUNNERBEAN_PORT: "tcp://10.1.2.3:11300" };
    assertEquals(optionsOf([], env), DEFAULT_OPTIONS);
    assertStringIncludes(warningsOf([], env).join(), "RUNNERBEAN_PORT=tcp://10.1.2.3:11300");
  });

  it("reads switches from variables", () => {
    for (const yes of ["1", "true", "YES", "on"]) {
      assert(optionsOf([], { RUNNERBEAN_DRAIN_EXIT: yes }).drainExit, yes);
    }
    for (const no of ["0", "false", "no", "Off"]) {
      assert(!optionsOf([], { RUNNERBEAN_DRAIN_EXIT: no }).drainExit, no);
    }
    assertEquals(optionsOf([], { RUNNERBEAN_VERBOSE: "2" }).verbosity, 2);
  });
});

describe("the table of flags", () => {
  it("has every name once, and every name is in the usage text", () => {
    const shorts = FLAGS.flatMap(({ short }) => short ?? []);
    const longs = FLAGS.flatMap(({ long }) => long ?? []);
    assertEquals(new Set(shorts).size, shorts.length);
    assertEquals(new Set(longs).size, longs.length);
    assertEquals([...shorts].sort().join(""), "FVbcfhlnpsuvz");
    for (const short of shorts) assert(new RegExp(`(^|[ ,])-${short}\\b`, "m").test(USAGE), `-${short}`);
    for (const long of longs) assertStringIncludes(USAGE, `--${long}`);
  });
});
