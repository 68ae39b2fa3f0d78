// The verbs that look at and steer a running server, against Runnerbean and, where it is installed, beanstalkd.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { requireProgram, skipWithout } from "../support/runtime.ts";
import { startServer } from "../support/server_process.ts";
import { runVerb } from "./run_verb.ts";
import * as verbs from "../../src/cli/verbs/verbs.ts";

const LIMIT = { timeout: 240_000 };

type Run = (
  words: string,
  input?: string,
) => Promise<{ code: number | null; stdout: string; stderr: string }>;

/** Runs verbs against the server at the port: as a process when they have input, else here, which is quicker. */
function at(port: number): Run {
  return (line, input) => {
    const words = [...line.split(" "), "--server", `127.0.0.1:${port}`];
    return input === undefined ? runHere(words) : runVerb(words, input);
  };
}

async function runHere(words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  const printer = {
    say: (line: string) => void (stdout += `${line}\n`),
    warn: (line: string) => void (stderr += `${line}\n`),
  };
  const code = await verbs.runVerb(words, printer, () => {});
  return { code, stdout, stderr };
}

async function withServer(work: (run: Run) => Promise<void>): Promise<void> {
  const server = await startServer();
  try {
    await work(at(server.port));
  } finally {
    await server.stop();
  }
}

const lines = (text: string): string[] => text.trimEnd().split("\n");
const records = (text: string): Record<string, unknown>[] => lines(text).map((line) => JSON.parse(line));

/** What every server understands. */
async function useQueue(run: Run): Promise<void> {
  assertEquals((await run("put mails hello --priority 5")).stdout, "1\n");
  const put = await run("put mails --lines --delay 100", "two\nthree\r\n");
  assertEquals([put.code, put.stdout], [0, "put 2 jobs\n"]);
  assertEquals((await run("put mails -", "raw \xff\r\n")).stdout, "4\n");

  const [tube] = records((await run("tubes ma*s --json")).stdout);
  assertEquals([tube.tube, tube.ready, tube.delayed, tube.buried], ["mails", 2, 2, 0]);
  const table = lines((await run("tubes")).stdout);
  assertMatch(table[0], /^tube +ready +urgent +delayed +reserved +buried/);
  assertEquals(table.map((line) => line.split(" ")[0]), ["tube", "default", "mails"]);

  const peeked = records((await run("peek 1 --json")).stdout);
  assertEquals([peeked[0].id, peeked[0].body, peeked[0].state, peeked[0].pri], [1, "hello", "ready", 5]);
  const missing = await run("peek 1 99");
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stdout, "hello");
  assertStringIncludes(missing.stderr, "there is no job 99");
  assertStringIncludes((await run("peek --tube mails --state delayed")).stdout, "two");

  const reserved = await run("reserve mails --json --then bury");
  assertEquals([reserved.code, records(reserved.stdout)[0].id], [0, 1]);
  assertEquals(records((await run("tubes mails --json")).stdout)[0].buried, 1);
  assertEquals((await run("kick mails 10")).stdout, "kicked 1 job\n");
  assertEquals((await run("kick --id 2 --json")).stdout, '{"kicked":1}\n');
  const given = await run("reserve mails other --count 9");
  assertEquals(given.code, 0);
  assertEquals(records((await run("tubes mails --json")).stdout)[0].ready, 3);
  assertEquals((await run("reserve mails --then delete")).code, 0);
  assertEquals((await run("peek 1")).code, 1);

  assertEquals((await run("pause mails 100")).stdout, "mails pauses for 100 s\n");
  const nothing = await run("reserve mails");
  assertEquals([nothing.code, nothing.stdout], [1, ""]);
  assertStringIncludes(nothing.stderr, "no job is ready");
  assertEquals((await run("pause mails 0")).code, 0);
  assertEquals((await run("delete 2 99")).code, 1);
  assertEquals((await run("delete 3 4")).stdout, "deleted 2 jobs\n");

  const top = lines((await run("top --count 2 --sort total")).stdout);
  assertMatch(top[0], /^\d+ tubes, \d+ connections; ready 0, delayed 0, reserved 0, buried 0/);
  assertMatch(top[1], /put\/s +done\/s$/);
  assertEquals(top.filter((line) => line.startsWith("default")).length, 2);
}

describe("verbs on a server", () => {
  it("tubes, put, peek, reserve, kick, pause, delete, top", LIMIT, async () => {
    await withServer(useQueue);
  });

  it("the same on beanstalkd", { ...LIMIT, skip: skipWithout("beanstalkd") }, async () => {
    const server = await startServer({ command: [requireProgram("beanstalkd")] });
    const run = at(server.port);
    try {
      await useQueue(run);
      assertEquals((await run("put t x")).code, 0);
      const refused = await run("truncate t --yes");
      assertEquals(refused.code, 1);
      assertStringIncludes(refused.stderr, "UNKNOWN_COMMAND");
      assertStringIncludes((await run("jobs t")).stderr, "UNKNOWN_COMMAND");
    } finally {
      await server.stop();
    }
  });

  it("jobs and truncate", LIMIT, () =>
    withServer(async (run) => {
      await run("put t --lines", Array.from({ length: 30 }, (_, i) => `job ${i}\n`).join(""));
      await run("put t late --delay 100");
      const first = await run("jobs t --json --limit 25");
      assertEquals(records(first.stdout).map((job) => job.id), Array.from({ length: 25 }, (_, i) => i + 1));
      const cursor = /--cursor (\S+)/.exec(first.stderr)?.[1];
      assert(cursor !== undefined, first.stderr);
      const rest = await run(`jobs t ready --json --cursor ${cursor}`);
      assertEquals(records(rest.stdout).map((job) => job.id), [26, 27, 28, 29, 30]);
      assertEquals(rest.stderr, "");
      assertEquals(lines((await run("jobs t delayed")).stdout).length, 2);

      const unasked = await run("truncate t");
      assertEquals(unasked.code, 5);
      assertStringIncludes(unasked.stderr, "t has 31 jobs that are ready or delayed or buried");
      assertEquals((await run("truncate t ready --yes")).stdout, "deleted 30 jobs\n");
      assertEquals((await run("truncate t --yes --json")).stdout, '{"deleted":1}\n');
      assertEquals((await run("truncate nowhere --yes")).stdout, "deleted 0 jobs\n");
    }));

  it("says what is wrong, and with which word", LIMIT, () =>
    withServer(async (run) => {
      const wrong: [string, string, number][] = [
        ["kick t x", 'COUNT: expected a whole number from 1 to 4294967295, got "x"', 5],
        ["put t x --ttr 0", "--ttr: expected a whole number from 1", 5],
        ["put t x --ttr", "--ttr: SECONDS is missing", 5],
        ["put t x --ttr 1 --ttr 2", "--ttr is said twice", 5],
        ["put t x --json=1", "--json takes no value", 5],
        ["peek", "expected ids, or --tube", 5],
        ["peek --tube t --state odd", '--state: expected ready, delayed or buried, got "odd"', 5],
        ["top --sort odd", "--sort: expected one of tube, ready", 5],
        ["jobs t odd", "STATE: expected one of ready, delayed, buried, reserved", 5],
        ["truncate t reserved --yes", "STATE: expected ready, delayed or buried", 5],
        ["tubes --unknown", "unknown flag: --unknown", 5],
        ["tubes a b", "unexpected argument: b", 5],
        ["reserve t --then keep", "--then: expected delete, bury or release", 5],
        ["put bad,name x", "bad,name", 5],
        ["tubes --token-file /nowhere", "--token-file:", 5],
      ];
      for (const [words, message, code] of wrong) {
        const ended = await run(words);
        assertStringIncludes(ended.stderr, message);
        assertEquals(ended.code, code, words);
      }
      const nobody = await runHere(["tubes", "--server", "127.0.0.1:1"]);
      assertEquals(nobody.code, 111);
      assertStringIncludes(nobody.stderr, "127.0.0.1:1");
      assertEquals((await runHere(["tubes", "--server", "a:b:c"])).code, 5);
    }));

  it("shows no body or name that would steer the terminal", LIMIT, () =>
    withServer(async (run) => {
      await run("put t -", "\x1b[2Jred\r\nnext\tcell\u202e");
      const { stdout } = await run("peek 1");
      assertStringIncludes(stdout, "\ufffd[2Jred\nnext\tcell\ufffd");
    }));
});
