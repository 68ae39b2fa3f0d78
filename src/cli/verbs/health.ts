// health [ADDRESS]: whether a server answers there and accepts work, for those who look after it (a container's health check).

import process from "node:process";
import { abortable } from "../../client/abortable.ts";
import type { Stats } from "../../client/face.ts";
import { REFUSAL_TABLE, type RefusalRow } from "../../server/refusal_table.ts";
import { EXIT_OK, EXIT_REFUSING } from "../exit_codes.ts";
import { SERVER_FLAGS, withQueue } from "./queue/reach.ts";
import type { Verb } from "./verb.ts";

const PATIENCE_MS = 2000;

export const healthVerb: Verb = {
  name: "health",
  takes: ["[ADDRESS]"],
  flags: { ...SERVER_FLAGS, "alive": null },
  run([address = process.env.RUNNERBEAN_PORT], { say }, flags) {
    const where = address === undefined || flags.has("server")
      ? flags
      : new Map([...flags, ["server", address]]);
    return withQueue(where, async (queue) => {
      const stats = await abortable(queue.stats(), AbortSignal.timeout(PATIENCE_MS)); // it would ask again and again
      const current = refusalsIn(stats);
      if (flags.has("json")) {
        const { version, uptime } = stats;
        say(
          JSON.stringify({
            address: queue.address,
            version,
            uptime,
            refusing: current.map(([name]) => name),
          }),
        );
      } else {
        say(`${queue.address} answers: version ${stats.version}, up for ${stats.uptime} s`);
        for (const [name, row] of current) say(`${name}: ${sentenceOf(row)}`);
      }
      const isShort = current.some(([, row]) => row?.isShortage);
      return isShort && !flags.has("alive") ? EXIT_REFUSING : EXIT_OK;
    }, { replyTimeoutMs: PATIENCE_MS });
  },
};

/** What the server refused within the last minute. Nothing for a beanstalkd, and for a server with --strict: they do not tell. */
function refusalsIn({ refusing }: Stats): [name: string, row: RefusalRow | undefined][] {
  const names = typeof refusing === "string" ? refusing.split(",").filter((name) => name !== "") : [];
  const table: Readonly<Record<string, RefusalRow | undefined>> = REFUSAL_TABLE;
  return names.map((name) => [name, Object.hasOwn(table, name) ? table[name] : undefined]);
}

/** A server of a later version may have reasons that are not known here. */
function sentenceOf(row: RefusalRow | undefined): string {
  return row === undefined
    ? "something was refused within the last minute"
    : `${row.what} within the last minute: ${row.why}`;
}
