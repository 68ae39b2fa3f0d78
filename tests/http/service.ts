// A server with an HTTP port in the test's process, a client for it, and the same by TCP.

import { createAfterInput } from "../../src/adapters/deno/after_input.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { Engine } from "../../src/core/engine.ts";
import type { HttpLimits } from "../../src/http/http1/limits.ts";
import type { HttpParts } from "../../src/http/serve_http.ts";
import { HttpPort } from "../../src/http/serve_http.ts";
import { describeProcess } from "../../src/library/facts.ts";
import type { Journal } from "../../src/ports/journal.ts";
import { listen } from "../../src/runtime/runtime.ts";
import { RefusalLog } from "../../src/cli/refusal_log.ts";
import { Refusals } from "../../src/server/refusals.ts";
import { Server } from "../../src/server/server.ts";
import { RUNTIME } from "../support/runtime.ts";
import { WireClient } from "../support/wire_client.ts";

// deno-lint-ignore no-explicit-any
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
}

export interface ServiceOptions extends HttpParts {
  readonly maxJobBytes?: number;
  readonly auditFile?: string;
  readonly journal?: (engine: Engine) => Journal;
  readonly limits?: Partial<HttpLimits>;
  readonly warn?: (line: string) => void;
  readonly hasDescriptors?: () => boolean;
}

export interface Service {
  readonly server: Server;
  readonly http: HttpPort;
  readonly url: string;
  readonly httpPort: number;
  readonly tcpPort: number;
  /** Sends JSON, or with `raw` anything; answers the JSON that comes back. */
  call(method: string, path: string, body?: unknown, init?: RequestInit): Promise<Answer>;
  connect(): Promise<WireClient>;
  close(): void;
}

export async function openService(options: ServiceOptions = {}): Promise<Service> {
  const engine = new Engine();
  const isDeno = RUNTIME === "deno";
  const clock = new SystemClock(isDeno ? await createAfterInput() : undefined);
  const server: Server = new Server({
    engine,
    clock,
    journal: options.journal?.(engine),
    refusals: new Refusals(
      () => clock.now(),
      options.warn === undefined ? null : new RefusalLog(options.warn),
    ),
    facts: describeProcess(options.maxJobBytes ?? 65_535, clock.now(), () => server.journal.facts),
  });
  const http = await HttpPort.open({
    host: "127.0.0.1",
    port: 0,
    auditFile: options.auditFile ?? null,
    warn: options.warn ?? ((line): void => console.log(line)),
    limits: options.limits,
    hasDescriptors: options.hasDescriptors,
    afterInput: isDeno ? await createAfterInput() : undefined,
  });
  http.begin(server, options);
  const tcp = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, server.accept);
  const tcpPort = tcp.address.kind === "tcp" ? tcp.address.port : 0;
  const url = `http://127.0.0.1:${http.port}`;
  return {
    server,
    http,
    url,
    httpPort: http.port,
    tcpPort,
    call: (method, path, body, init) => call(url, method, path, body, init),
    connect: () => WireClient.connect(tcpPort),
    close() {
      void http.close();
      tcp.close();
      server.stop();
    },
  };
}

export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  init: RequestInit = {},
): Promise<Answer> {
  const headers = new Headers(init.headers);
  if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  const content = body === undefined || body instanceof Uint8Array || typeof body === "string"
    ? body as BodyInit | undefined
    : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, { ...init, method, headers, body: content });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === "" ? null : JSON.parse(text) };
}

/** Runs a test with a service of its own. */
export async function withService(
  run: (service: Service) => Promise<void>,
  options: ServiceOptions = {},
): Promise<void> {
  const service = await openService(options);
  try {
    await run(service);
  } finally {
    service.close();
  }
}

/** Waits until the condition holds; fails after a while. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`it did not come to that: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
