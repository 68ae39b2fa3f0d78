// Two servers that get the same steps; their answers are compared after each step.
import { CONTROL, Side } from "./side.ts";
import { sameReply } from "./differences.ts";
import { type Observed, type Refusal, Situation } from "./situation.ts";
import { printable, type Sequence, type Step, withIds } from "./sequence.ts";

export interface Contest {
  /** The commands that start the servers; `-l`, `-p` and `-z` are appended. */
  readonly reference: string[];
  readonly subject: string[];
  readonly maxJobBytes: number;
  /** How long a reply may take, in ms. */
  readonly patience: number;
  /** Sequences that come after this many are run in drain mode. */
  readonly drainAfter: number;
  /** The subject is told to be as the reference: it has no words of its own, and none of the differences that go with them. */
  readonly isStrict: boolean;
  /** Changes replies of the subject: plants a difference, to see that it is found. */
  readonly forge?: (line: string, reply: string) => string;
}

export interface Difference {
  readonly on: number;
  readonly line: string;
  readonly reference: string;
  readonly subject: string;
}

/** What was exercised, to see that the run was not hollow. */
export interface Tally {
  sequences: number;
  commands: number;
  /** Replies by their first word. */
  readonly words: Map<string, number>;
  readonly refused: Map<Refusal, number>;
}

export function newTally(): Tally {
  return { sequences: 0, commands: 0, words: new Map(), refused: new Map() };
}

interface Round {
  readonly text: string;
  readonly reference: readonly Observed[];
  readonly subject: readonly Observed[];
}

const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

export class Duel {
  readonly #contest: Contest;
  readonly #reference: Side;
  readonly #subject: Side;
  readonly #tally: Tally;
  #rounds: Round[] = [];
  #nextId = 1;
  #sequences = 0;

  private constructor(contest: Contest, reference: Side, subject: Side, tally: Tally) {
    this.#contest = contest;
    this.#reference = reference;
    this.#subject = subject;
    this.#tally = tally;
  }

  static async start(contest: Contest, tally: Tally): Promise<Duel> {
    const { patience } = contest;
    const args = ["-z", String(contest.maxJobBytes)];
    const reference = await Side.start({ command: contest.reference, args, patience });
    try {
      return new Duel(
        contest,
        reference,
        await Side.start({ command: contest.subject, args, patience }),
        tally,
      );
    } catch (error) {
      await reference.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#reference.stop(), this.#subject.stop()]);
  }

  /** Runs one sequence from and to an empty queue. After a difference the duel is of no further use. */
  async run(sequence: Sequence): Promise<Difference | undefined> {
    if (this.#sequences++ === this.#contest.drainAfter) await this.#both((side) => side.drain());
    this.#rounds = [];
    const situation = new Situation(this.#nextId, this.#contest.maxJobBytes, this.#contest.isStrict);
    for (const step of sequence) {
      const difference = await this.#step(withIds(step, this.#nextId), situation);
      if (difference) return difference;
    }
    const difference = await this.#finish(situation);
    this.#nextId = situation.nextId;
    this.#tally.sequences++;
    return difference;
  }

  async #step(step: Step, situation: Situation): Promise<Difference | undefined> {
    const plan = situation.plan(step);
    if (typeof plan === "string") return void count(this.#tally.refused, plan);
    situation.sent(step, plan);
    this.#tally.commands += plan.asks.length;
    const observed = await this.#both((side) => side.perform(step, plan));
    const difference = this.#compare(describe(step), observed);
    situation.learn(observed[0]);
    return difference;
  }

  /** Ends all connections, deletes all jobs and looks whether the servers agree on what is left. */
  async #finish(situation: Situation): Promise<Difference | undefined> {
    for (let [on] = situation.waiting; on !== undefined; [on] = situation.waiting) {
      const step: Step = { on, writes: [], then: "halfClose" };
      // Who gets which job from here on is not compared, but the queue must be the same in the end.
      if (typeof situation.plan(step) === "string") break;
      const difference = await this.#step(step, situation);
      if (difference) return difference;
    }
    const compared = situation.waiting.length === 0;
    const open = [...situation.waiting, ...situation.idle];
    const closed = await this.#both((side) => side.halfClose(open));
    const ids = Array.from({ length: situation.nextId - this.#nextId }, (_, i) => this.#nextId + i);
    const deleted = await this.#both((side) => side.ask(ids.map((id) => `delete ${id}`)));
    const left = await this.#both((side) =>
      side.ask(["pause-tube default 0", "list-tubes", "stats-tube default", "stats"])
    );
    const end = compared
      ? this.#compare(`the rest half-closes: ${open.join(", ")}`, closed) ?? this.#compare("", deleted)
      : undefined;
    return end ?? this.#compare("", left);
  }

  #both<T>(act: (side: Side) => Promise<T>): Promise<[T, T]> {
    return Promise.all([act(this.#reference), act(this.#subject)]);
  }

  #compare(text: string, [reference, answered]: [Observed[], Observed[]]): Difference | undefined {
    const { forge } = this.#contest;
    const subject = forge ? answered.map((one) => ({ ...one, reply: forge(one.line, one.reply) })) : answered;
    this.#rounds.push({ text, reference, subject });
    const connections = new Set([...reference, ...subject].map(({ on }) => on));
    for (const on of connections) {
      const expected = reference.filter((one) => one.on === on);
      const actual = subject.filter((one) => one.on === on);
      for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
        const [ours, theirs] = [actual[i]?.reply ?? "(nothing)", expected[i]?.reply ?? "(nothing)"];
        count(this.#tally.words, /^[A-Z_]+/.exec(theirs)?.[0] ?? theirs);
        // A reference that falls silent means that the harness expected too much: no less a failure.
        if (sameReply(theirs, ours, this.#contest.isStrict) && (theirs[0] !== "(" || theirs === "(closed)")) {
          continue;
        }
        return { on, line: (expected[i] ?? actual[i]).line, reference: theirs, subject: ours };
      }
    }
    return undefined;
  }

  /** The last sequence as it was run, the difference at its end. */
  transcript(): string {
    const { isStrict } = this.#contest;
    return this.#rounds.map((round) => `${round.text}\n${answers(round, isStrict)}`).join("\n");
  }
}

const nameOf = (on: number): string => (on === CONTROL ? "harness" : `conn ${on}`);

function describe(step: Step): string {
  const writes = step.writes.map((bytes) => `${nameOf(step.on)} > ${printable(bytes)}`);
  if (step.then) writes.push(`${nameOf(step.on)} ${step.then === "close" ? "closes" : "half-closes"}`);
  return writes.join("\n");
}

function answers({ reference, subject }: Round, isStrict: boolean): string {
  const lines: string[] = [];
  for (let i = 0; i < Math.max(reference.length, subject.length); i++) {
    const [theirs, ours] = [reference[i], subject[i]];
    const on = nameOf((theirs ?? ours).on);
    if (theirs && ours && theirs.on === ours.on && sameReply(theirs.reply, ours.reply, isStrict)) {
      lines.push(`    ${on} < ${printable(theirs.reply)}`);
    } else {
      const [expected, actual] = differingPart(theirs?.reply ?? "(nothing)", ours?.reply ?? "(nothing)");
      lines.push(
        `!   ${on} < reference ${printable(expected)}`,
        `!   ${nameOf((ours ?? theirs).on)} < subject   ${printable(actual)}`,
      );
    }
  }
  return lines.join("\n");
}

/** Of two documents with equally many lines the lines that differ, else all. */
function differingPart(reference: string, subject: string): [string, string] {
  const [theirs, ours] = [reference.split("\n"), subject.split("\n")];
  if (theirs.length !== ours.length || theirs.length < 5) return [reference, subject];
  const wrong = [...theirs.keys()].filter((i) => i > 0 && !sameReply(`OK \n${theirs[i]}`, `OK \n${ours[i]}`));
  return [wrong.map((i) => theirs[i]).join("\n"), wrong.map((i) => ours[i]).join("\n")];
}
