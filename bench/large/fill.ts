// The queue that is looked at: many tubes with a few hundred jobs each, one with a fifth of all jobs in random
// order, and one with large bodies.
import { ScaleClient } from "../scale/scale_client.ts";
import { scattered } from "../scale/stretches.ts";

export const LARGEST_TUBE = "largest";
/** A tube with some very large bodies. */
export const BULKY_TUBE = "bulky";
const BULKY_JOBS = 1000;
const BULKY_BODY = "0123456789".repeat(6000);
const BODY = JSON.stringify({ kind: "mail", to: "somebody@example.org", try: 1 });
/** Every so many tubes there is one with a buried job, one in random order, and one with delayed jobs. */
const BURIED_EVERY = 20;
const SCATTERED_EVERY = 10;
const DELAYED_EVERY = 15;

export interface Amount {
  readonly tubes: number;
  readonly jobs: number;
}

export function tubeName(i: number): string {
  return `tube-${String(i).padStart(5, "0")}`;
}

/** A put whose ttr is long enough that nothing expires meanwhile. */
export function putText(priority: number, delaySeconds = 0): string {
  return `put ${priority} ${delaySeconds} 100000 ${BODY.length}\r\n${BODY}\r\n`;
}

export async function fill(port: number, { tubes, jobs }: Amount): Promise<void> {
  const client = await ScaleClient.open(port);
  const inLargest = Math.floor(jobs / 5);
  await fillTube(client, LARGEST_TUBE, inLargest);
  await client.ask(`use ${BULKY_TUBE}\r\n`);
  await client.bulk(BULKY_JOBS, () => `put 1024 0 100000 ${BULKY_BODY.length}\r\n${BULKY_BODY}\r\n`);
  const each = Math.floor((jobs - inLargest) / (tubes - 2));
  for (let i = 0; i < tubes - 2; i++) {
    await client.ask(`use ${tubeName(i)}\r\n`);
    const delay = i % DELAYED_EVERY === 1 ? 50_000 : 0;
    const isScattered = i % SCATTERED_EVERY === 2;
    await client.bulk(each, (k) => putText(isScattered ? scattered(k, 100_003) : 1024, delay));
    if (i % BURIED_EVERY === 0) await buryOne(client, tubeName(i));
  }
  client.close();
}

/** Jobs in random order of priority: all but the first stand in the tube's heap. */
export async function fillTube(client: ScaleClient, tube: string, jobs: number): Promise<void> {
  await client.ask(`use ${tube}\r\n`);
  await client.bulk(jobs, (i) => putText(scattered(i, 1_000_003)));
}

async function buryOne(client: ScaleClient, tube: string): Promise<void> {
  await client.ask(`watch ${tube}\r\nignore default\r\nreserve-with-timeout 0\r\n`, 3);
  const [id] = client.takeReserved();
  await client.ask(`bury ${id} 0\r\nwatch default\r\nignore ${tube}\r\n`, 3);
}
