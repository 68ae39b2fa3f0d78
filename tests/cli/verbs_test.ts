// The verbs as users run them: what they print, what they leave, and with which exit code; dump and load.
import { Buffer } from "node:buffer";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { VERBS } from "../../src/cli/verbs/verbs.ts";
import { runAndHangUp, runVerb, withDirectory } from "./run_verb.ts";

const LIMIT = { timeout: 240_000 };

/** What a directory holds: names, and the bytes of its plain files. */
function snapshot(directory: string): Record<string, string> {
  const names = readdirSync(directory).sort();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(directory, name)).toString("base64")]),
  );
}

/** Lines as a dump has them, of every kind of job there is. */
function someLines(): string {
  const counts = { reserves: 1, timeouts: 2, releases: 3, buries: 4, kicks: 4294967295 };
  const none = { reserves: 0, timeouts: 0, releases: 0, buries: 0, kicks: 0 };
  const createdAt = "2023-11-14T22:13:20.123Z";
  const past = "2020-01-01T00:00:00.000Z";
  const base = { pri: 0, delay: 0, ttr: 60, createdAt };
  const jobs = [
    { id: 2, tube: "a", state: "ready", ...base, ...none, body: "" },
    {
      id: 3,
      tube: "a",
      state: "ready",
      ...base,
      pri: 4294967295,
      ttr: 4294967295,
      ...counts,
      body: '\ufeff\0\u2028"é😀',
    },
    {
      id: 5,
      tube: "b+/;.$_()-",
      state: "delayed",
      ...base,
      delay: 7,
      readyAt: "2150-01-01T00:00:00.001Z",
      ...none,
      body: "x",
    },
    { id: 6, tube: "a", state: "delayed", ...base, delay: 1, readyAt: past, ...none, body: "over" },
    { id: 8, tube: "a", state: "buried", ...base, burial: 9, ...counts, body: "second" },
    { id: 9, tube: "a", state: "buried", ...base, burial: 2, ...counts, body: "first" },
    {
      id: 1e15,
      tube: "a",
      state: "ready",
      ...base,
      ...none,
      bodyBase64: Buffer.from([0xff, 0, 0xc0, 13]).toString("base64"),
    },
    { id: 1e15 + 1, tube: "a", state: "ready", ...base, ...none, body: "é".repeat(200_000) + "\r\n" },
    {
      id: 1e15 + 2,
      tube: "a",
      state: "ready",
      ...base,
      ...none,
      bodyBase64: Buffer.alloc(700_001, 0x80).toString("base64"),
    },
  ];
  const first = { runnerbean: "dump", version: 1, nextId: 2e15, jobs: jobs.length };
  return [first, ...jobs].map((line) => JSON.stringify(line) + "\n").join("");
}

describe("verbs: the command line", () => {
  const WRONG: [string[], string][] = [
    [["chekc", "/tmp"], `unknown verb: chekc (there are ${VERBS.map(({ name }) => name).join(", ")})`],
    [["check"], "check: DIR is missing"],
    [["check", ""], 'check: DIR: expected a path, got ""'],
    [["check", "/tmp", "/tmp"], "check: unexpected argument: /tmp"],
    [["check", "-f", "/tmp"], "check: unknown flag: -f"],
    [["salvage", "/tmp"], "salvage: OUT is missing"],
    [["import", "/tmp"], "import: TO is missing"],
    [["dump"], "dump: DIR is missing"],
    [["load"], "load: DIR is missing"],
    [["load", "a", "b", "c"], "load: unexpected argument: c"],
  ];
  it("is understood, or the mistake is named and the usage printed: exit 5", LIMIT, async () => {
    for (const [words, problem] of WRONG) {
      const ended = await runVerb(words);
      assertEquals([ended.code, ended.stdout], [5, ""], words.join(" "));
      assertStringIncludes(ended.stderr, `runnerbean: ${problem}\nUse: runnerbean`);
    }
    const help = await runVerb(["import", "--help"]);
    assertEquals([help.code, help.stdout], [0, ""]);
    for (const verb of ["check DIR", "salvage DIR OUT", "import FROM TO", "dump DIR", "load DIR [FILE]"]) {
      assertStringIncludes(help.stderr, `runnerbean ${verb} `);
    }
  });

  it("names the argument that cannot be used: exit 1, and nothing is made", LIMIT, async () => {
    await withDirectory(async (inside) => {
      mkdirSync(inside("empty"));
      mkdirSync(inside("full"));
      writeFileSync(inside("full/file"), "");
      mkdirSync(inside("theirs"));
      writeFileSync(inside("theirs/binlog.1"), new Uint8Array([7, 0, 0, 0]));
      assertEquals((await runVerb(["load", inside("ours")])).code, 0);
      const none = inside("none");
      const FAILING: [string[], RegExp][] = [
        [["check", none], /^runnerbean: check: DIR: there is no .*none\n$/],
        [["check", inside("full/file")], /DIR: .*file is not a directory/],
        [["check", inside("empty")], /DIR: there is no log in .*empty/],
        [["dump", inside("empty")], /DIR: there is no log in/],
        [
          ["dump", inside("theirs")],
          /holds a log of beanstalkd; .* runnerbean import .*theirs NEW-DIRECTORY/,
        ],
        [["salvage", inside("theirs"), none], /DIR: there is no log of Runnerbean/],
        [
          ["import", inside("ours"), none],
          /FROM: there is no log of beanstalkd in .*, but one of Runnerbean/,
        ],
        [["import", inside("theirs"), inside("full")], /TO: .*full is not empty; nothing was changed/],
        [["import", inside("theirs"), inside("theirs/new")], /TO: .* lies in .*theirs, which is only read/],
        [["salvage", inside("ours"), inside("full/file")], /OUT: .*file is not a directory/],
        [["load", inside("full")], /DIR: .*full is not empty/],
        [["load", inside("none/new")], /DIR: .*new cannot be made, since there is no .*none\n/],
        [["load", none, inside("nowhere")], /FILE: there is no .*nowhere/],
      ];
      for (const [words, problem] of FAILING) {
        const ended = await runVerb(words);
        assertEquals([ended.code, ended.stdout], [1, ""], words.join(" "));
        assertMatch(ended.stderr, problem);
      }
      assertEquals(readdirSync(inside(".")).sort(), ["empty", "full", "ours", "theirs"]);
      assertEquals([readdirSync(inside("empty")), readdirSync(inside("theirs"))], [[], ["binlog.1"]]);
    });
  });

  it("leaves a directory alone that a server uses: exit 10", LIMIT, async () => {
    await withDirectory(async (inside) => {
      mkdirSync(inside("log"));
      const server = await startServer({ args: ["-b", inside("log")] });
      try {
        for (const words of [["check"], ["dump"], ["salvage", inside("out")]]) {
          const ended = await runVerb([words[0], inside("log"), ...words.slice(1)]);
          assertEquals([ended.code, ended.stdout], [10, ""], ended.stderr);
          assertMatch(ended.stderr, /uses .*log; stop that server first/);
        }
        assertEquals(existsSync(inside("out")), false);
      } finally {
        await server.stop();
      }
      assertEquals((await runVerb(["check", inside("log")])).code, 0);
    });
  });
});

describe("verbs: dump and load", () => {
  it("give the same lines again, whatever the jobs are", LIMIT, async () => {
    await withDirectory(async (inside) => {
      const lines = someLines();
      const loaded = await runVerb(["load", inside("one")], lines);
      assertEquals([loaded.code, loaded.stderr], [0, ""]);
      assertMatch(loaded.stdout, /^written to .*one: 9 jobs; next id 2000000000000000\n$/);
      assertEquals(readdirSync(inside("one")), ["segment.1", "state"]);
      const before = snapshot(inside("one"));
      const first = await runVerb(["dump", inside("one")]);
      assertEquals([first.code, first.stderr], [0, ""]);
      assert(first.stdout === lines, "the dump is what was loaded");
      assertEquals(snapshot(inside("one")), before);
      writeFileSync(inside("dump.jsonl"), first.stdout);
      assertEquals((await runVerb(["load", inside("two"), inside("dump.jsonl")])).code, 0);
      const second = await runVerb(["dump", inside("two")]);
      assert(second.stdout === lines, "and again");
    });
  });

  it("keep all of it through a server", LIMIT, async () => {
    await withDirectory(async (inside) => {
      assertEquals((await runVerb(["load", inside("log")], someLines())).code, 0);
      const server = await startServer({ args: ["-b", inside("log")] });
      try {
        const client = await WireClient.connect(server.port);
        const job = yamlOf(await client.ask("stats-job 3\r\n"));
        assertEquals([job.pri, job.ttr, job.reserves, job.kicks], [
          "4294967295",
          "4294967295",
          "1",
          "4294967295",
        ]);
        assertEquals(yamlOf(await client.ask("stats-job 6\r\n")).state, "ready");
        assertEquals(yamlOf(await client.ask("stats-job 5\r\n")).state, "delayed");
        await client.ask("use a\r\n");
        assertMatch(await client.ask("peek-buried\r\n"), /^FOUND 9 5\r\nfirst\r\n$/);
        assertEquals(await client.ask("put 0 0 60 1\r\nx\r\n"), "INSERTED 2000000000000000\r\n");
        client.close();
      } finally {
        await server.stop("SIGTERM");
      }
    });
  });

  it("give ids, times and an order to jobs that have none", LIMIT, async () => {
    await withDirectory(async (inside) => {
      const lines = [
        { tube: "a", pri: 1, ttr: 9, body: "no id" },
        { id: 70, tube: "a", pri: 1, ttr: 9, state: "buried", burial: 5, body: "buried first" },
        { tube: "a", pri: 1, ttr: 9, state: "buried", body: "buried last" },
        { id: 3, tube: "a", pri: 1, ttr: 9, state: "delayed", delay: 100, body: "delayed" },
        { id: 4, tube: "a", pri: 1, ttr: 9, createdAt: "2020-01-01T01:00:00+01:00", body: "dated" },
      ];
      const began = Date.now();
      const input = "\n" + lines.map((line) => JSON.stringify(line)).join("\r\n\n");
      const loaded = await runVerb(["load", inside("log")], input);
      assertEquals([loaded.code, loaded.stderr], [0, ""]);
      const dump = await runVerb(["dump", inside("log")]);
      const [first, ...jobs] = dump.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals(first, { runnerbean: "dump", version: 1, nextId: 73, jobs: 5 });
      assertEquals(jobs.map(({ id, body }) => [id, body]), [
        [3, "delayed"],
        [4, "dated"],
        [70, "buried first"],
        [71, "no id"],
        [72, "buried last"],
      ]);
      assertEquals([jobs[2].burial, jobs[4].burial], [5, 6]);
      assertEquals(jobs[1].createdAt, "2020-01-01T00:00:00.000Z");
      const wait = Date.parse(jobs[0].readyAt) - began;
      assert(wait >= 100_000 && wait < 160_000, `ready in ${wait} ms`);
    });
  });

  it("name the line and the field of a mistake, and write nothing", LIMIT, async () => {
    const job = { tube: "a", pri: 1, ttr: 9, body: "x" };
    const BAD: [string, string][] = [
      ["{", "it is not JSON: "],
      ["[]", "expected an object"],
      ["7", "expected an object"],
      [JSON.stringify({ ...job, pri: -1 }), "pri: expected a whole number from 0 to 4294967295, got -1"],
      [JSON.stringify({ ...job, pri: 1.5 }), "pri: expected a whole number from 0 to 4294967295, got 1.5"],
      [JSON.stringify({ ...job, ttr: 0 }), "ttr: expected a whole number from 1 to 4294967295, got 0"],
      [JSON.stringify({ ...job, id: 2 ** 53 }), "id: expected a whole number from 1 to "],
      [JSON.stringify({ ...job, id: "7" }), 'got "7"'],
      [JSON.stringify({ ...job, id: 1 }), "id: there is a job 1 already"],
      [JSON.stringify({ ...job, tube: "-a" }), "tube: expected a tube name"],
      [JSON.stringify({ ...job, tube: "é" }), "tube: expected a tube name"],
      [
        JSON.stringify({ ...job, state: "reserved" }),
        'state: expected "ready", "delayed" or "buried", got "reserved"',
      ],
      [JSON.stringify({ ...job, createdAt: "yesterday" }), "createdAt: expected an instant like "],
      [JSON.stringify({ ...job, createdAt: "2026-13-01T00:00:00Z" }), "createdAt: expected an instant like "],
      [JSON.stringify({ ...job, readyAt: "2026-11-21T00:00:00Z" }), "readyAt: only a delayed job has it"],
      [JSON.stringify({ ...job, burial: 1 }), "burial: only a buried job has it"],
      [JSON.stringify({ ...job, prio: 1 }), "prio: there is no such field"],
      [JSON.stringify({ ...job, bodyBase64: "AA==" }), "bodyBase64: there is a body already"],
      [JSON.stringify({ ...job, body: undefined }), "body is missing"],
      [JSON.stringify({ ...job, body: undefined, bodyBase64: "A===" }), "bodyBase64: expected base64"],
      [JSON.stringify({ ...job, body: undefined, bodyBase64: "A" }), "bodyBase64: expected base64"],
      [JSON.stringify({ ...job, pri: undefined }), "pri is missing"],
      [
        '{"tube":"a","pri":1,"ttr":9,"body":"\\ud800"}',
        "body: expected text without halves of surrogate pairs",
      ],
      ['{"runnerbean":"dump","version":1}', "runnerbean: only the first line may have it"],
    ];
    await withDirectory(async (inside) => {
      const good = JSON.stringify({ ...job, id: 1 }) + "\n\n";
      for (const [line, problem] of BAD) {
        const ended = await runVerb(["load", inside("log")], good + line);
        assertEquals([ended.code, ended.stdout], [1, ""], line);
        assertStringIncludes(ended.stderr, `runnerbean: load: line 3: `);
        assertStringIncludes(ended.stderr, problem);
        assertStringIncludes(ended.stderr, "; nothing was written\n");
      }
      const first = await runVerb(["load", inside("log")], '{"runnerbean":"dump","version":2}\n');
      assertStringIncludes(first.stderr, "line 1: version: expected 1, got 2");
      const latin1 = inside("latin1.jsonl");
      writeFileSync(latin1, Buffer.from('{"body":"\xe9"}', "latin1"));
      assertStringIncludes(
        (await runVerb(["load", inside("log"), latin1])).stderr,
        "line 1: it is not UTF-8",
      );
      assertEquals(existsSync(inside("log")), false);
    });
  });

  it("tell when a dump has fewer jobs than its first line says", LIMIT, async () => {
    await withDirectory(async (inside) => {
      const cut = someLines().split("\n").slice(0, 3).join("\n") + "\n";
      const loaded = await runVerb(["load", inside("log")], cut);
      assertEquals(loaded.code, 0);
      assertStringIncludes(loaded.stdout, "2 jobs");
      assertStringIncludes(loaded.stderr, "the first line speaks of 9 jobs");
    });
  });

  it("wait for a slow reader, and stop when it hangs up", LIMIT, async () => {
    await withDirectory(async (inside) => {
      const line = (id: number): string =>
        JSON.stringify({ id, tube: "a", pri: 0, ttr: 1, body: "x".repeat(1000 + id % 7) }) + "\n";
      const lines = Array.from({ length: 6000 }, (_, i) => line(i + 1)).join("");
      assertEquals((await runVerb(["load", inside("log")], lines)).code, 0);
      const dump = await runVerb(["dump", inside("log")], "", 700);
      assertEquals([dump.code, dump.stderr], [0, ""]);
      const bodies = dump.stdout.trimEnd().split("\n").slice(1).map((text) => JSON.parse(text).body.length);
      assertEquals(bodies.length, 6000);
      assert(bodies.every((length, i) => length === 1000 + (i + 1) % 7));
      assertEquals(await runAndHangUp(["dump", inside("log")]), 1);
    });
  });
});

describe("verbs: check and salvage", () => {
  it("say that a log is whole, torn or damaged, and change nothing", LIMIT, async () => {
    await withDirectory(async (inside) => {
      const log = inside("log");
      assertEquals((await runVerb(["load", log], someLines())).code, 0);
      const whole = await runVerb(["check", log]);
      assertEquals([whole.code, whole.stderr], [0, ""]);
      assertEquals(
        whole.stdout.replace(/\d+ bytes/, "N bytes"),
        `${log}: whole\n1 segment (segment.1)\nN bytes, 9 records\n` +
          "9 jobs (6 ready, 1 delayed, 2 buried) in 2 tubes; next id 2000000000000000\n",
      );
      const segment = join(log, "segment.1");
      const bytes = readFileSync(segment);
      // The frame that closes it, and part of the one before, are gone.
      const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
      writeFileSync(segment, bytes.subarray(0, end - 30));
      const cut = await runVerb(["check", log]);
      assertEquals(cut.code, 1);
      assertMatch(
        cut.stdout,
        /: damaged at segment\.1, offset \d+: .* closed in good order up to \d+ bytes behind this place/,
      );
      assertEquals((await runVerb(["dump", log])).code, 1);
      // Without the file that knows of the end it looks like a log that was being written.
      rmSync(join(log, "state"));
      const before = snapshot(log);
      const torn = await runVerb(["check", log]);
      assertEquals(torn.code, 0, torn.stdout);
      assertMatch(
        torn.stdout,
        /: torn at its end, at segment\.1, offset \d+: the next start cuts off \d+ bytes that/,
      );
      assertMatch(
        torn.stdout,
        /^its file state is missing: nothing shows whether the newest segments are there$/m,
      );
      assertEquals(snapshot(log), before);
      const dump = await runVerb(["dump", log]);
      assertEquals(dump.code, 0);
      assertMatch(dump.stderr, /the log ends torn at segment\.1, offset \d+: \d+ bytes/);

      bytes[300] ^= 1;
      writeFileSync(segment, bytes);
      const damaged = await runVerb(["check", log]);
      assertEquals([damaged.code, damaged.stderr], [1, ""]);
      assertMatch(
        damaged.stdout,
        /: damaged at segment\.1, offset 128: .*; \d+ bytes in doubt, \d+ whole frames? behind/,
      );
      assertStringIncludes(
        damaged.stdout,
        `save what verifies with: runnerbean salvage ${log} NEW-DIRECTORY\n`,
      );
      const refused = await runVerb(["dump", log]);
      assertEquals([refused.code, refused.stdout], [1, ""]);
      assertMatch(refused.stderr, /is damaged at segment\.1, offset 128/);

      const salvaged = await runVerb(["salvage", log, inside("out")]);
      assertEquals([salvaged.code, salvaged.stderr], [0, ""]);
      assertMatch(salvaged.stdout, /^not saved: \d+ bytes in 1 place$/m);
      assertMatch(salvaged.stdout, /^ {2}segment\.1, offset 128: \d+ bytes: /m);
      assertMatch(salvaged.stdout, /jobs that were deleted there may be back$/m);
      const after = await runVerb(["check", inside("out")]);
      assertMatch(after.stdout, /: whole\n/);
      const saved = (await runVerb(["dump", inside("out")])).stdout.trimEnd().split("\n").slice(1);
      assert(saved.length > 0 && saved.length < 9, `${saved.length} jobs`);
      assert(saved.every((line) => someLines().includes(line)), "each as it was");
    });
  });

  it("do nothing with a log that was not written to its end", LIMIT, async () => {
    await withDirectory(async (inside) => {
      assertEquals((await runVerb(["load", inside("log")], someLines())).code, 0);
      mkdirSync(inside("half"));
      mkdirSync(inside("half/unfinished"));
      copyFileSync(inside("log/segment.1"), inside("half/segment.1"));
      const check = await runVerb(["check", inside("half")]);
      assertEquals(check.code, 1);
      assertMatch(check.stderr, /was not completely written/);
      const load = await runVerb(["load", inside("half")], someLines());
      assertEquals(load.code, 1);
      assertMatch(load.stderr, /not empty, among it the folder "unfinished" of a run that did not end/);
      rmSync(inside("half/segment.1"));
    });
  });
});
