// Opens the port of `--http`.

import { createAfterInput } from "../adapters/deno/after_input.ts";
import type { HttpPort } from "../http/serve_http.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Refusals } from "../server/refusals.ts";
import { EXIT_SOCKET } from "./exit_codes.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { runtimeName } from "../runtime/runtime.ts";
import type { Security } from "./security.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";

/** The port, which serves only /healthz and /readyz yet; null when none is asked for. */
export async function openHttp(
  options: Options,
  { gate, tls }: Security,
  refusals: Refusals,
  printer: Printer,
): Promise<HttpPort | StartProblem | null> {
  if (options.http === null) return null;
  const { HttpPort } = await import("../http/serve_http.ts"); // others start quicker without
  const afterInput = runtimeName() === "deno" ? await createAfterInput() : undefined;
  const { host, port } = options.http;
  try {
    return await HttpPort.open({
      host,
      port,
      auditFile: options.auditFile,
      metricsTubes: options.metricsTubes,
      warn: printer.warn,
      afterInput,
      gate,
      refusals,
      secure: tls === null ? null : tls.listenHttp,
      cors: options.cors,
      names: options.httpNames,
    });
  } catch (error) {
    const where = describeAddress({ kind: "tcp", host, port });
    return startProblem(EXIT_SOCKET, `--http ${where} cannot be had: ${reasonOf(error)}`);
  }
}
