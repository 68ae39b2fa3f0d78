// Opens the port of `--http`.

import { createAfterInput } from "../adapters/deno/after_input.ts";
import { areReservesFull } from "../adapters/node/descriptor_reserve.ts";
import type { HttpPort } from "../http/serve_http.ts";
import type { Address } from "../ports/transport.ts";
import type { Refusals } from "../server/refusals.ts";
import { EXIT_SOCKET } from "./exit_codes.ts";
import { listenFailure } from "./listen_failure.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { runtimeName } from "../runtime/runtime.ts";
import type { Security } from "./security.ts";
import { isHostName, resolveHost } from "./resolve_host.ts";
import { type StartProblem, startProblem } from "./start_problem.ts";

/** An open port, and the address that it is bound to. */
export interface OpenedHttp {
  readonly http: HttpPort;
  readonly address: Address;
}

/** The port, which serves only /healthz and /readyz yet; null when none is asked for. */
export async function openHttp(
  options: Options,
  { gate, tls }: Security,
  refusals: Refusals,
  printer: Printer,
  maxConnections: number,
): Promise<OpenedHttp | StartProblem | null> {
  if (options.http === null) return null;
  const { HttpPort } = await import("../http/serve_http.ts"); // others start quicker without
  const { AuditProblem } = await import("../http/audit.ts");
  const afterInput = runtimeName() === "deno" ? await createAfterInput() : undefined;
  const { host: asked, port } = options.http;
  const flag = "--http";
  let host: string;
  try {
    host = await resolveHost(asked);
  } catch (error) {
    return listenFailure(flag, { kind: "tcp", host: asked, port }, error);
  }
  try {
    const http = await HttpPort.open({
      host,
      port,
      maxConnections,
      hasDescriptors: areReservesFull,
      auditFile: options.auditFile,
      metricsTubes: options.metricsTubes,
      warn: printer.warn,
      afterInput,
      gate,
      refusals,
      secure: tls === null ? null : tls.listenHttp,
      cors: options.cors,
      names: isHostName(asked) ? [asked, ...options.httpNames] : options.httpNames,
    });
    return { http, address: { kind: "tcp", host, port: http.port } };
  } catch (error) {
    if (error instanceof AuditProblem) return startProblem(EXIT_SOCKET, error.message);
    return listenFailure(flag, { kind: "tcp", host, port }, error);
  }
}
