// `runnerbean console`: the console and the HTTP API in front of another server, a beanstalkd or a Runnerbean, until a
// signal ends it. Its port is guarded as the server's own would be.

import process from "node:process";
import { describeAddress } from "../../../ports/transport.ts";
import { httpConnectionLimit, systemOpenFilesLimit } from "../../descriptors.ts";
import { EXIT_OK } from "../../exit_codes.ts";
import { exposureOf } from "../../exposure.ts";
import { variableName } from "../../flags.ts";
import { openHttp } from "../../open_http.ts";
import type { HttpAddress, Options } from "../../options.ts";
import { parseOptions } from "../../parse_options.ts";
import { openSecurity, TOKENS_VARIABLE } from "../../security.ts";
import type { StartProblem } from "../../start_problem.ts";
import type { SaidFlags, Verb } from "../verb.ts";
import { VerbProblem } from "../verb.ts";
import { SERVER_FLAGS, withQueue } from "./reach.ts";

/** People wait for these answers. */
const REPLY_TIMEOUT_MS = 3000;
const DEFAULT_PLACE: HttpAddress = { host: "127.0.0.1", port: 11380 };
/** Flags that mean what they mean to the server, and whose variables do too. */
const PORT_FLAGS: Readonly<Record<string, string>> = {
  "http": "ADDR:PORT",
  "audit": "FILE",
  "auth": "FILE",
  "tls-cert": "FILE",
  "tls-key": "FILE",
  "http-name": "NAME,...",
  "cors": "ORIGIN,...",
};

export const consoleVerb: Verb = {
  name: "console",
  takes: [],
  flags: { ...SERVER_FLAGS, ...PORT_FLAGS },
  run(_args, printer, flags) {
    const options = portOptions(flags);
    return withQueue(flags, async (queue) => {
      const { RemoteSource } = await import("../../../http/remote/remote_source.ts");
      const security = usable(openSecurity(options, process.env[TOKENS_VARIABLE], printer));
      const { gate, tls } = security;
      const source = await RemoteSource.open(queue);
      const http = usable(
        (await openHttp(options, security, printer, httpConnectionLimit(systemOpenFilesLimit())))!,
      );
      http.show(source, null);
      const address = { kind: "tcp", host: options.http!.host, port: http.port } as const;
      const scheme = tls === null ? "http" : "https";
      printer.say(`runnerbean: console of ${queue.address} on ${scheme}://${describeAddress(address)}`);
      const warning = exposureOf(address, gate !== null, tls !== null);
      if (warning !== null) printer.warn(warning);
      if (gate !== null || tls !== null) process.on("SIGHUP", security.reload);
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      });
      process.off("SIGHUP", security.reload);
      http.close();
      return EXIT_OK;
    }, { replyTimeoutMs: REPLY_TIMEOUT_MS });
  },
};

/** What the flags and variables of its own port say, read as the server would. */
function portOptions(flags: SaidFlags): Options {
  const names = Object.keys(PORT_FLAGS);
  const words = names.filter((name) => flags.has(name)).map((name) => `--${name}=${flags.get(name)}`);
  const variables = names.map(variableName).map((name) => [name, process.env[name]]);
  const parsed = parseOptions(words, Object.fromEntries(variables));
  if (parsed.kind === "problem") throw new VerbProblem(parsed.exitCode, parsed.problem);
  if (parsed.kind !== "run") throw new Error("no flag of the console's port asks for help");
  return { ...parsed.options, http: parsed.options.http ?? DEFAULT_PLACE };
}

function usable<T extends object>(started: T | StartProblem): T {
  if (!("problem" in started)) return started;
  const { exitCode, problem } = started as StartProblem;
  throw new VerbProblem(exitCode, problem);
}
