// Many sequences from one seed, spread over several pairs of servers that are started anew every so often.
import { Random } from "../support/random.ts";
import { type Contest, type Difference, Duel, newTally, type Tally } from "./duel.ts";
import { generate } from "./generator.ts";
import type { Sequence } from "./sequence.ts";

export interface CampaignOptions {
  readonly seed: number;
  readonly sequences: number;
  readonly reference: string[];
  readonly subject: string[];
  /** Pairs of servers that run at the same time. */
  readonly lanes: number;
  /** Sequences a pair of servers lives for. */
  readonly perLife?: number;
  readonly patience?: number;
  /** Runs this life alone, to see a failure again. */
  readonly onlyLife?: number;
  readonly forge?: Contest["forge"];
  /** See {@link Contest}; default: it is. */
  readonly isStrict?: boolean;
}

/** A difference with what it takes to see it again. */
export interface Failure {
  readonly seed: number;
  readonly life: number;
  readonly contest: Contest;
  readonly difference: Difference;
  /** The sequences of this life up to the difference. */
  readonly sequences: readonly Sequence[];
  readonly transcript: string;
}

const PER_LIFE = 200;
/** Limits of the job size, by life. */
const JOB_BYTES = [2000, 65535, 10, 65535, 300, 2000, 0];
/** Only a server that never answers is waited for so long. */
const PATIENCE_MS = 30_000;

/** Runs until all sequences are done or servers differ. */
export async function campaign(options: CampaignOptions): Promise<{ tally: Tally; failure?: Failure }> {
  const tally = newTally();
  const perLife = options.perLife ?? PER_LIFE;
  const lives = options.onlyLife === undefined
    ? Math.ceil(options.sequences / perLife)
    : options.onlyLife + 1;
  let next = options.onlyLife ?? 0;
  let failure: Failure | undefined;
  const lane = async (): Promise<void> => {
    while (next < lives && !failure) {
      const life = next++;
      const sequences = Math.min(perLife, options.sequences - life * perLife);
      const found = await liveOnce(options, life, sequences, tally, () => failure !== undefined);
      failure ??= found;
    }
  };
  // When one lane breaks down the others still stop their servers first.
  const ends = await Promise.allSettled(
    Array.from({ length: Math.min(options.lanes, lives) }, () => lane().finally(() => (next = lives))),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return { tally, failure };
}

/** One pair of servers from start to stop; depends on the seed and the number of the life only. */
async function liveOnce(
  options: CampaignOptions,
  life: number,
  sequences: number,
  tally: Tally,
  stopped: () => boolean,
): Promise<Failure | undefined> {
  const { seed, reference, subject, forge, patience = PATIENCE_MS, isStrict = true } = options;
  const random = new Random(seed + Math.imul(life, 0x9e3779b1));
  const contest: Contest = {
    reference,
    subject,
    patience,
    forge,
    isStrict,
    maxJobBytes: JOB_BYTES[life % JOB_BYTES.length],
    drainAfter: life % 2 === 0 ? sequences - Math.ceil(sequences / 10) : Infinity,
  };
  const duel = await Duel.start(contest, tally);
  const done: Sequence[] = [];
  try {
    while (done.length < sequences && !stopped()) {
      const sequence = generate(random, contest);
      done.push(sequence);
      const difference = await duel.run(sequence);
      if (difference) {
        return { seed, life, contest, difference, sequences: done, transcript: duel.transcript() };
      }
    }
  } finally {
    await duel.stop();
  }
  return undefined;
}
