// The commands whose cost is measured, as stretches for one client.
import type { Histogram } from "../support/histogram.ts";
import type { Stretch } from "./cost.ts";
import type { ScaleClient } from "./scale_client.ts";

/** Makes the text of a command for the i-th turn. */
export type CommandText = (i: number) => string;

export const BODY_BYTES = 10;
const BODY = "0123456789";

/** A put of ten bytes. The ttr is long enough that nothing expires during a bench. */
export function put(priority = 1024, delaySeconds = 0): string {
  return `put ${priority} ${delaySeconds} 100000 ${BODY_BYTES}\r\n${BODY}\r\n`;
}

/** Puts, reserves and deletes again: what the queue holds is the same afterwards. */
export function putReserveDelete(client: ScaleClient, priority: (i: number) => number = () => 1024): Stretch {
  const take: CommandText = () => "reserve-with-timeout 0\r\n";
  let turn = 0;
  return async (commands, together, latency) => {
    let sent = 0;
    client.takeReserved();
    while (sent < commands) {
      const from = turn;
      turn += together;
      await timed(client, together, (i) => put(priority(from + i)), latency);
      await timed(client, together, take, latency);
      const ids = client.takeReserved();
      await timed(client, together, (i) => `delete ${ids[i]}\r\n`, latency);
      sent += 3 * together;
    }
    return sent;
  };
}

/** The same few commands over and over, each with the turn's number. */
export function repeat(client: ScaleClient, ...texts: CommandText[]): Stretch {
  let turn = 0;
  return async (commands, together, latency) => {
    let sent = 0;
    while (sent < commands) {
      const from = turn;
      turn += together;
      // Together in the order of the turns, since a command may undo what the one before it did.
      if (together === 1) { for (const text of texts) await timed(client, 1, () => text(from), latency); }
      else {
        const text = (k: number): string => texts[k % texts.length](from + Math.floor(k / texts.length));
        await timed(client, together * texts.length, text, latency);
      }
      sent += together * texts.length;
    }
    client.takeReserved();
    return sent;
  };
}

async function timed(
  client: ScaleClient,
  count: number,
  text: CommandText,
  latency: Histogram,
): Promise<void> {
  let bytes = "";
  for (let i = 0; i < count; i++) bytes += text(i);
  const sentAt = performance.now();
  await client.ask(bytes, count);
  latency.add(performance.now() - sentAt);
}

/** A number in [0, below) that jumps about: no two neighbours in a row, all of them in the end. */
export function scattered(i: number, below: number): number {
  return (i * 7919) % below;
}
