// Opens the port of `--http`.

import { createAfterInput } from "../adapters/deno/after_input.ts";
import type { HttpPort } from "../http/serve_http.ts";
import { describeAddress } from "../ports/transport.ts";
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
  printer: Printer,
  maxConnections: number,
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
      maxConnections,
      metricsTubes: options.metricsTubes,
      warn: printer.warn,
      afterInput,
      gate,
      secure: tls === null ? null : tls.listenHttp,
      cors: options.cors,
      names: options.httpNames,
    });
  } catch (error) {
    const where = describeAddress({ kind: "tcp", host, port });
    return startProblem(EXIT_SOCKET, `--http ${where} cannot be had: ${reasonOf(error)}`);
  }
}
