// The case runner: that each kind of step fails when the server does otherwise, and says where and how.
// A tiny scripted server stands in, so that its behaviour is known.
import process from "node:process";
import { describe, it } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { PROJECT_DIR } from "../support/server_process.ts";
import { runtimeCommand } from "../support/runtime.ts";
import { Ports } from "./ports.ts";
import { readTranscript } from "./transcript.ts";
import { runCase } from "./run_case.ts";

const ECHO = [...runtimeCommand(), `${PROJECT_DIR}tests/conformance/echo_server.ts`];

async function play(...lines: string[]): Promise<string | null> {
  const [one] = readTranscript("f.txt", ["== the case", ...lines].join("\n"));
  return await runCase(one, { command: ECHO, env: {}, ports: new Ports() });
}

async function assertFails(lines: string[], ...says: string[]): Promise<void> {
  const failure = (await play(...lines)) ?? "it passed";
  for (const part of ["f.txt:1: the case", ...says]) assertStringIncludes(failure, part);
}

const LIMIT = { timeout: 240_000 };

describe("case runner: what passes", () => {
  it("every kind of step", LIMIT, async () => {
    const failure = await play(
      "a> say HELLO%0D%0A",
      "a< HELLO",
      "a>. say ONE",
      "a<< ONE",
      'b> say OK 23%0D%0A---%0Aage: 1%0Aname: "x y"%0A%0D%0A',
      "b= age=[01] name=x\\sy",
      "b> say OK 14%0D%0A---%0A- default%0A%0D%0A",
      "b- default",
      "b> say OK 11%0D%0A---%0Aage: 1%0A%0D%0A",
      "b~ OK 11",
      "   ---",
      "   age: \\d",
      "a is silent 30 ms",
      "a> later LATE%0D%0A",
      "a [200..3000 ms]< LATE",
      "a until count: count=3",
      "sleep 10 ms",
      "a closes",
      "a> say AGAIN%0D%0A",
      "a< AGAIN",
      "b half-closes",
      "b is closed",
      "a> end",
      "a is closed",
    );
    assertEquals(failure, null);
  });

  it("a restart: connections are new, and the directory is the same", LIMIT, async () => {
    const failure = await play(
      "server: ${DIR}",
      "a until count: count=2",
      "restart SIGKILL",
      "a until count: count=2",
      "restart SIGTERM with nothing",
      "b> say HELLO%0D%0A",
      "b< HELLO",
    );
    assertEquals(failure, null);
  });
});

describe("case runner: what fails", () => {
  it(
    "other bytes",
    LIMIT,
    () => assertFails(["a> say NO%0D%0A", "a< YES"], "line 3: a< YES", '"YES\\r\\n"', '"NO\\r\\n"'),
  );
  it(
    "a byte too few",
    LIMIT,
    () => assertFails(["a> say YE", "a [..100 ms]<< YES"], 'wanted "YES"', 'got    "YE"'),
  );
  it(
    "bytes left over",
    LIMIT,
    () => assertFails(["a> say YES!", "a<< YES"], "at the end", "nothing more on a", '"!"'),
  );
  it("noise in a silence", LIMIT, () => assertFails(["a> say X", "a is silent 500 ms"], "silence", '"X"'));
  it(
    "an answer too early",
    LIMIT,
    () => assertFails(["a> say X", "a [3000.. ms]<< X"], "wanted it after 3000"),
  );
  it("an answer too late", LIMIT, () => assertFails(["a> later X", "a [0..50 ms]<< X"], "0 to 50 ms"));
  it(
    "a pattern",
    LIMIT,
    () => assertFails(["a> say X1%0D%0A", "a~ X[2-9]"], "wanted ^(?:X[2-9])", '"X1\\r\\n"'),
  );
  it("a field", LIMIT, () => {
    return assertFails(
      ["a> say OK 11%0D%0A---%0Aage: 1%0A%0D%0A", "a= age=2"],
      "wanted age: ^(?:2)$",
      "got    age: 1",
    );
  });
  it("a missing field", LIMIT, () => {
    return assertFails(["a> say OK 11%0D%0A---%0Aage: 1%0A%0D%0A", "a= pri=.*\\d"], "got    pri: (absent)");
  });
  it("a field that never comes", LIMIT, () => {
    return assertFails(["a until count: count=x"], "wanted count: ^(?:x)", "even after");
  });
  it("a frame of the wrong length", LIMIT, () => {
    return assertFails(["a> say OK 10%0D%0A---%0Aage: 1%0A%0D%0A", "a= age=1"], "wanted OK and a document");
  });
  it("a close that does not come", LIMIT, () => assertFails(["a> say X", "a is closed"], "wanted a close"));
  it(
    "a close instead of an answer",
    LIMIT,
    () => assertFails(["a> end", "a< X"], "the connection was closed"),
  );
  it("a close in a silence", LIMIT, () => assertFails(["a> end", "a is silent 2000 ms"], "got    a close"));
  it("a server that ends", LIMIT, () => assertFails(["a> die", "sleep 300 ms"], "the server ended"));
  it("a server that does not start", LIMIT, async () => {
    const [one] = readTranscript("f.txt", "== the case\na> x");
    const failure = await runCase(one, {
      command: [process.execPath, "--no-such-flag-at-all"],
      env: {},
      ports: new Ports(),
    });
    assertStringIncludes(failure ?? "it passed", "the server did not start");
  });
});
