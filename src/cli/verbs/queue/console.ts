// `runnerbean console`: the console and the HTTP API in front of another server, a beanstalkd or a Runnerbean, until a
// signal ends it.

import process from "node:process";
import { describeAddress } from "../../../ports/transport.ts";
import { EXIT_OK, EXIT_SOCKET, EXIT_USAGE } from "../../exit_codes.ts";
import type { HttpAddress } from "../../options.ts";
import { reasonOf } from "../../start_problem.ts";
import { httpAddress, misfit, valueOf } from "../../values.ts";
import type { SaidFlags, Verb } from "../verb.ts";
import { VerbProblem } from "../verb.ts";
import { SERVER_FLAGS, withQueue } from "./reach.ts";

/** People wait for these answers. */
const REPLY_TIMEOUT_MS = 3000;
const DEFAULT_PLACE = "127.0.0.1:11380";

export const consoleVerb: Verb = {
  name: "console",
  takes: [],
  flags: { ...SERVER_FLAGS, http: "ADDR:PORT", audit: "FILE" },
  run(_args, printer, flags) {
    const { host, port } = placeOf(flags);
    return withQueue(flags, async (queue) => {
      const { HttpPort } = await import("../../../http/serve_http.ts");
      const { RemoteSource } = await import("../../../http/remote/remote_source.ts");
      const source = await RemoteSource.open(queue);
      let http;
      try {
        const auditFile = flags.get("audit") ?? null;
        http = await HttpPort.open({ host, port, auditFile, warn: (line) => printer.warn(line) });
      } catch (error) {
        const at = describeAddress({ kind: "tcp", host, port });
        throw new VerbProblem(EXIT_SOCKET, `cannot listen on ${at}: ${reasonOf(error)}`);
      }
      http.show(source, null);
      const at = describeAddress({ kind: "tcp", host, port: http.port });
      printer.say(`runnerbean: console of ${queue.address} on http://${at}`);
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      });
      http.close();
      return EXIT_OK;
    }, { replyTimeoutMs: REPLY_TIMEOUT_MS });
  },
};

function placeOf(flags: SaidFlags): HttpAddress {
  const text = flags.get("http") ?? DEFAULT_PLACE;
  const place = valueOf(httpAddress, text);
  if (place === undefined) throw new VerbProblem(EXIT_USAGE, misfit("--http", httpAddress.expects, text));
  return place;
}
