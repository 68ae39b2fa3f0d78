// Makes a failure small: leaves out sequences, steps, writes and lines as long as new servers still differ in the same way.
import { type Contest, type Difference, Duel, newTally } from "./duel.ts";
import type { Failure } from "./campaign.ts";
import { idPlace, type Sequence, type Step, withoutId } from "./sequence.ts";

export interface Shrunk {
  readonly sequences: readonly Sequence[];
  readonly transcript: string;
  readonly difference: Difference;
}

interface Search {
  readonly contest: Contest;
  /** Run before each candidate, and no part of it. */
  readonly before: readonly Sequence[];
  readonly likeness: string;
  triesLeft: number;
  readonly giveUpAt: number;
  best: Shrunk;
}

/** A reply that never comes is waited for this long, in ms. */
const PATIENCE = 1000;
const TRIES = 300;
const TIME_MS = 60_000;
/** Uses up the first id, so that a literal 1 names no job, as in all but a life's first sequence. */
const USE_FIRST_ID: Sequence = [
  { on: 0, writes: ["put 0 0 100 0\r\n\r\n"] },
  { on: 0, writes: [`delete ${idPlace(0)}\r\n`] },
];

/** The smallest form found; undefined when new servers do not differ at all, so that chance had a hand in it. */
export async function shrink(failure: Failure): Promise<Shrunk | undefined> {
  const contest = { ...failure.contest, patience: PATIENCE };
  const search: Search = {
    contest,
    before: [],
    likeness: likenessOf(failure.difference),
    triesLeft: TRIES,
    giveUpAt: Date.now() + TIME_MS,
    best: { sequences: failure.sequences, transcript: failure.transcript, difference: failure.difference },
  };
  const last = failure.sequences.slice(-1);
  // Nearly always the last sequence alone shows it; drain mode has to be on from the start then.
  const draining = failure.sequences.length > contest.drainAfter;
  for (const before of [[], [USE_FIRST_ID]]) {
    const drainAfter = draining ? before.length : Infinity;
    const alone: Search = { ...search, before, contest: { ...contest, drainAfter } };
    if (await accepts(alone, last)) return (await shrinkSteps(alone), alone.best);
  }
  if (!(await accepts(search, failure.sequences))) return undefined;
  await shrinkList(search, () => search.best.sequences, (sequences) => accepts(search, sequences));
  return search.best;
}

async function shrinkSteps(search: Search): Promise<void> {
  const steps = (): Sequence => search.best.sequences[0];
  const tryWith = (candidate: Sequence): Promise<boolean> => accepts(search, [candidate]);
  let before = Infinity;
  while (sizeOf(steps()) < before && search.triesLeft > 0) {
    before = sizeOf(steps());
    await shrinkList(search, steps, tryWith);
    for (let i = 0; i < steps().length && search.triesLeft > 0; i++) {
      for (const simpler of simplerSteps(steps()[i])) {
        const candidate = [...steps().slice(0, i), simpler, ...steps().slice(i + 1)];
        if (await tryWith(candidate) || await tryWith(withoutLostPut(steps(), candidate, i))) break;
      }
    }
  }
}

/** Leaves out halves, quarters and at last single items, from the end on. */
async function shrinkList<T>(
  search: Search,
  items: () => readonly T[],
  tryWith: (items: readonly T[]) => Promise<boolean>,
): Promise<void> {
  for (
    let width = Math.ceil(items().length / 2);
    width >= 1;
    width = width === 1 ? 0 : Math.ceil(width / 2)
  ) {
    for (let end = items().length; end > 0 && search.triesLeft > 0; end -= width) {
      await tryWith([...items().slice(0, Math.max(0, end - width)), ...items().slice(end)]);
    }
  }
}

function sizeOf(steps: Sequence): number {
  return steps.reduce(
    (size, { writes, then }) => size + 1 + writes.length + writes.join("").length + (then ? 1 : 0),
    0,
  );
}

/** The step in one write, without its end, and without one of its lines. */
function simplerSteps(step: Step): Step[] {
  const text = step.writes.join("");
  const simpler: Step[] = [];
  if (step.writes.length > 1) simpler.push({ ...step, writes: [text] });
  if (step.then) simpler.push({ ...step, then: undefined });
  const lines = text.match(/[^]*?\r\n|[^]+$/g) ?? [];
  if (lines.length > 1) {
    for (let i = 0; i < lines.length; i++) {
      simpler.push({ ...step, writes: [[...lines.slice(0, i), ...lines.slice(i + 1)].join("")] });
      if (lines[i].startsWith("put ")) {
        simpler.push({ ...step, writes: [[...lines.slice(0, i), ...lines.slice(i + 2)].join("")] });
      }
    }
  }
  return simpler;
}

const putsIn = (steps: Sequence): number =>
  (steps.flatMap(({ writes }) => writes).join("").match(/put \d/g) ?? []).length;

/** When the candidate lacks a put of step `i`, the ids after it move down. */
function withoutLostPut(before: Sequence, candidate: Sequence, i: number): Sequence {
  const lost = putsIn(before) - putsIn(candidate);
  if (lost !== 1) return candidate;
  const id = putsIn(candidate.slice(0, i));
  return candidate.map((step, at) => (at < i ? step : withoutId(step, id)));
}

async function accepts(search: Search, sequences: readonly Sequence[]): Promise<boolean> {
  if (search.triesLeft <= 0 || Date.now() > search.giveUpAt) return false;
  search.triesLeft--;
  const duel = await Duel.start(search.contest, newTally());
  try {
    for (const sequence of search.before) await duel.run(sequence);
    for (const [i, sequence] of sequences.entries()) {
      const difference = await duel.run(sequence);
      if (!difference) continue;
      if (likenessOf(difference) !== search.likeness) return false;
      search.best = { sequences: sequences.slice(0, i + 1), transcript: duel.transcript(), difference };
      return true;
    }
  } finally {
    await duel.stop();
  }
  return false;
}

/** The same difference again: the first words of both replies, or for documents the lines that differ. */
function likenessOf({ reference, subject }: Difference): string {
  const word = (
    reply: string,
  ): string => (reply.startsWith("(closed after") ? "(extra)" : /^[^ \r]*/.exec(reply)![0]);
  const likeness = `${word(reference)} / ${word(subject)}`;
  if (word(reference) !== "OK" || word(subject) !== "OK") return likeness;
  const [theirs, ours] = [reference.split("\n"), subject.split("\n")];
  const first = theirs.slice(1).findIndex((line, i) => line !== ours[i + 1]);
  return `${likeness} ${theirs[first + 1]?.split(":")[0]}`;
}
