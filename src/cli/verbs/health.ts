// health [ADDRESS]: whether a server answers there, for those who look after it (a container's health check).

import process from "node:process";
import { abortable } from "../../client/abortable.ts";
import { connect } from "../../client/connect.ts";
import type { ConnectOptions } from "../../client/connect.ts";
import { EXIT_OK, EXIT_USAGE } from "../exit_codes.ts";
import { VerbProblem } from "./verb.ts";
import type { Verb } from "./verb.ts";

const PATIENCE_MS = 2000;

export const healthVerb: Verb = {
  name: "health",
  takes: ["[ADDRESS]"],
  async run([address = `127.0.0.1:${process.env.RUNNERBEAN_PORT || 11300}`], { say }) {
    await using queue = await connect({ ...placeOf(address), replyTimeoutMs: PATIENCE_MS });
    const stats = await abortable(queue.stats(), AbortSignal.timeout(PATIENCE_MS)); // it would ask again and again
    say(`${queue.address} answers: version ${stats.version}, up for ${stats.uptime} s`);
    return EXIT_OK;
  },
};

/** HOST:PORT, [HOST]:PORT, a port alone, or unix:PATH. */
function placeOf(address: string): ConnectOptions {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const [, host = "127.0.0.1", port] = /^(?:\[?([^\]]+?)\]?:)?(\d{1,5})$/.exec(address) ?? [];
  if (port === undefined || Number(port) > 65535) {
    throw new VerbProblem(EXIT_USAGE, `health: ADDRESS: expected HOST:PORT or unix:PATH, got "${address}"`);
  }
  return { host, port: Number(port) };
}
