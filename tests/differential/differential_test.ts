// The differential fuzzer within the test suite: Runnerbean against the installed beanstalkd, and the fuzzer against itself,
// to see that it finds what it should. Long runs: main.ts.
import { describe, it } from "node:test";
import process from "node:process";
import { assert, assertEquals, assertLessOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { freshSeed, requireProgram, skipWithout } from "../support/runtime.ts";
import { runnerbeanCommand } from "../support/server_process.ts";
import { campaign } from "./campaign.ts";
import { report, summary } from "./report.ts";
import { shrink } from "./shrink.ts";

const SEQUENCES = Number(process.env.RUNNERBEAN_FUZZ_SEQUENCES ?? 1000);
/** Generous: a busy machine needs 20 ms for a sequence. */
const TIMEOUT_MS = 60_000 + SEQUENCES * 40;
/**
 * The seed of the fuzzer's own tests, in one lane so that a run repeats: fresh seeds belong where only a fault of the server
 * can make a run fail. With this one the last sequence shows the missing reply only where id 1 is gone.
 */
const OWN_SEED = 740258772;
/** The same sequences at every run, beside the fresh ones. */
const FIXED_SEEDS = [4229112554, 4232233637, 4232560163];
/** Replies a run must have seen, or it has tested nothing. */
const REPLIES = [
  "INSERTED",
  "RESERVED",
  "TIMED_OUT",
  "DELETED",
  "RELEASED",
  "BURIED",
  "KICKED",
  "TOUCHED",
  "FOUND",
  "USING",
  "WATCHING",
  "NOT_IGNORED",
  "PAUSED",
  "OK",
  "NOT_FOUND",
  "BAD_FORMAT",
  "UNKNOWN_COMMAND",
  "EXPECTED_CRLF",
  "JOB_TOO_BIG",
  "DRAINING",
];

const skip = skipWithout("beanstalkd");
/** Words of our own are to be as unknown to it as to the reference. */
const strictRunnerbean = (): string[] => [...runnerbeanCommand(), "--strict"];
const beanstalkd = (): string[] => [requireProgram("beanstalkd")];

async function expectNoDifference(
  seed: number,
  sequences: number,
  subject: string[],
  isStrict: boolean = true,
): Promise<Map<string, number>> {
  const reference = beanstalkd();
  const { tally, failure } = await campaign({ seed, sequences, reference, subject, lanes: 2, isStrict });
  console.log(summary(tally));
  if (failure) console.log(report(failure, await shrink(failure)));
  assert(failure === undefined, `a difference with seed ${seed}, printed above`);
  assertEquals(tally.sequences, sequences);
  return tally.words;
}

describe("the reference and Runnerbean answer alike", { skip }, () => {
  it("to random sequences from a fresh seed", { timeout: TIMEOUT_MS }, async () => {
    const words = await expectNoDifference(freshSeed("differential"), SEQUENCES, strictRunnerbean());
    if (SEQUENCES >= 1000) {
      for (const word of REPLIES) assert((words.get(word) ?? 0) > 0, `${word} was never answered`);
    }
  });

  it(
    "to random sequences without --strict, but for the differences that go with it",
    { timeout: TIMEOUT_MS },
    async () => {
      await expectNoDifference(
        freshSeed("differential, own words"),
        SEQUENCES / 2,
        runnerbeanCommand(),
        false,
      );
    },
  );

  for (const seed of FIXED_SEEDS) {
    it(`to the sequences of seed ${seed}`, { timeout: TIMEOUT_MS }, async () => {
      await expectNoDifference(seed, 60, strictRunnerbean());
    });
  }
});

interface Planted {
  readonly name: string;
  readonly forge: (line: string, reply: string) => string;
  /** The difference that must come out. */
  readonly shows: string;
}

const PLANTED: readonly Planted[] = [
  {
    name: "a release with a high priority that is answered BURIED",
    forge: (
      line,
      reply,
    ) => (/^release \d+ 1\d\d\d /.test(line) && reply === "RELEASED\r\n" ? "BURIED\r\n" : reply),
    shows: "BURIED\r\n",
  },
  {
    name: "a kick that counts twice",
    forge: (
      line,
      reply,
    ) => (line.startsWith("stats-job") ? reply.replace("kicks: 1\n", "kicks: 2\n") : reply),
    shows: "kicks: 2\n",
  },
  {
    name: "a reply that is missing",
    forge: (line, reply) => (line.startsWith("touch") && reply === "TOUCHED\r\n" ? "(no reply)" : reply),
    shows: "(no reply)",
  },
];

async function findAndShrink(forge: Planted["forge"], shows: string): Promise<void> {
  const { failure } = await campaign({
    seed: OWN_SEED,
    sequences: 3000,
    reference: beanstalkd(),
    subject: beanstalkd(),
    lanes: 1,
    forge,
  });
  assert(failure, "not found");
  const shrunk = await shrink(failure);
  assert(shrunk, "not seen again");
  assertStringIncludes(shrunk.difference.subject, shows);
  assertEquals(shrunk.sequences.length, 1, report(failure, shrunk));
  assertLessOrEqual(shrunk.sequences[0].length, 5, report(failure, shrunk));
}

describe("the fuzzer", { skip }, () => {
  it("sees no difference between the reference and itself", { timeout: TIMEOUT_MS }, async () => {
    await expectNoDifference(OWN_SEED, 400, beanstalkd());
  });

  for (const { name, forge, shows } of PLANTED) {
    it(`finds ${name} and shrinks it`, { timeout: 3 * TIMEOUT_MS }, () => findAndShrink(forge, shows));
  }

  it("finds a server that takes other job sizes", { timeout: TIMEOUT_MS }, async () => {
    const subject = ["sh", "-c", 'exec beanstalkd "$@" -z 5', "sh"];
    const { failure } = await campaign({
      seed: OWN_SEED,
      sequences: 400,
      reference: beanstalkd(),
      subject,
      lanes: 1,
    });
    assert(failure, "not found");
    assertMatch(report(failure, undefined), /JOB_TOO_BIG|max-job-size/);
  });
});
