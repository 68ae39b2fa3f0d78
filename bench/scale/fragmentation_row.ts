// What mixed sizes waste: jobs of random sizes come and go in random order while the bytes alive stay the same. Then
// nine of ten are deleted at random, which is the worst for memory given back in large pieces, and then the rest.
import { residentBytes } from "../support/proc.ts";
import type { ServerProgram } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import type { Figure, FigureRow } from "./figures.ts";
import { ScaleClient } from "./scale_client.ts";

const LIVE_BYTES = 268_435_456;
const LARGEST_BODY = 16_384;
/** How often all that is alive is replaced, and between which of these laps the drift is taken. */
const LAPS = 10;
const FIRST_LAP = 3;
const KEPT_SHARE = 0.1;
/** Jobs replaced between two answers. */
const TOGETHER = 200;
const SEED = 12_345;
/** More than this much per lap would be a leak, in percent. */
const DRIFT_GOAL = { bound: 1 };
const RATIO_GOAL = { bound: 1.3 };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const FRAGMENTATION_ROW: FigureRow = { name: "fragmentation", measure };

interface Job {
  readonly id: number;
  readonly bytes: number;
}

/** A queue's jobs as this client knows them; ids are given out one after the other to the only producer. */
class Churn {
  liveBytes = 0;
  private readonly client: ScaleClient;
  private readonly jobs: Job[] = [];
  private readonly filling = "x".repeat(LARGEST_BODY);
  private nextId = 1;
  private state = SEED;

  constructor(client: ScaleClient) {
    this.client = client;
  }

  /** Replaces as many bytes, or adds them when `replaces` is false. */
  async put(bytes: number, replaces: boolean): Promise<void> {
    for (let done = 0; done < bytes;) {
      let text = "";
      let commands = 0;
      for (let i = 0; i < TOGETHER && done < bytes; i++) {
        const before = this.liveBytes;
        while (
          replaces && this.liveBytes > LIVE_BYTES - LARGEST_BODY && this.liveBytes > before - LARGEST_BODY
        ) {
          text += this.deleteAny();
          commands++;
        }
        const size = this.below(LARGEST_BODY + 1);
        text += `put 1024 0 1000 ${size}\r\n${this.filling.slice(0, size)}\r\n`;
        commands++;
        this.jobs.push({ id: this.nextId++, bytes: size });
        this.liveBytes += size;
        done += size;
      }
      await this.client.ask(text, commands);
    }
  }

  async deleteDownTo(bytes: number): Promise<void> {
    while (this.liveBytes > bytes && this.jobs.length > 0) {
      let text = "";
      let commands = 0;
      for (; commands < TOGETHER && this.liveBytes > bytes && this.jobs.length > 0; commands++) {
        text += this.deleteAny();
      }
      await this.client.ask(text, commands);
    }
  }

  private deleteAny(): string {
    const at = this.below(this.jobs.length);
    const { id, bytes } = this.jobs[at];
    this.jobs[at] = this.jobs[this.jobs.length - 1];
    this.jobs.pop();
    this.liveBytes -= bytes;
    return `delete ${id}\r\n`;
  }

  /** The same sequence in each run: a generator of Marsaglia's xorshift kind. */
  private below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return Math.floor((this.state >>> 0) / 2 ** 32 * limit);
  }
}

async function measure(program: ServerProgram, size: number): Promise<Figure[]> {
  const server = await startServer(program);
  try {
    const churn = new Churn(await ScaleClient.open(server.port));
    // Compiled code and first buffers are not the jobs' cost.
    await churn.put(LIVE_BYTES / 20, false);
    await churn.deleteDownTo(0);
    await sleep(1000);
    const empty = residentBytes(server.pid);
    const ratio = async (): Promise<number> => {
      await sleep(1000);
      return (residentBytes(server.pid) - empty) / churn.liveBytes;
    };
    await churn.put(LIVE_BYTES, false);
    const filled = await ratio();
    const laps: number[] = [];
    for (let lap = 0; lap < Math.max(FIRST_LAP + 1, Math.round(LAPS * size)); lap++) {
      await churn.put(LIVE_BYTES, true);
      laps.push(await ratio());
    }
    const last = laps[laps.length - 1];
    const drift = 100 * (last / laps[FIRST_LAP - 1] - 1) / (laps.length - FIRST_LAP);
    await churn.deleteDownTo(LIVE_BYTES * KEPT_SHARE);
    const thinned = await ratio();
    await churn.deleteDownTo(0);
    await sleep(1000);
    return [
      { name: "resident / live, filled", value: filled },
      { name: `resident / live, lap ${laps.length}`, value: last, goal: RATIO_GOAL },
      { name: "drift, % a lap", value: drift, goal: DRIFT_GOAL },
      { name: "resident / live, a tenth left", value: thinned },
      { name: "MiB resident, all deleted", value: (residentBytes(server.pid) - empty) / 1_048_576 },
    ];
  } finally {
    await server.stop();
  }
}
