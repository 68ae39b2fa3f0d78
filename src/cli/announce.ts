// What a start says: where it listens and how, and what it must be warned of.

import process from "node:process";
import type { HttpPort } from "../http/serve_http.ts";
import type { SyncPolicy } from "../journal/binlog.ts";
import type { Address } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import { exposures } from "./exposure.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { runtimeName } from "../runtime/runtime.ts";
import type { Security } from "./security.ts";

/** The first address is the main listener's, the others are those of --listen-as. */
export function announce(
  options: Options,
  addresses: readonly Address[],
  http: HttpPort | null,
  { gate, tls }: Security,
  printer: Printer,
): void {
  const [address, ...further] = addresses;
  const where = describeAddress(address);
  if (options.verbosity > 0) {
    printer.say(`pid ${process.pid}`);
    printer.say(`bind ${where}`);
  }
  const { binlogDir, kv } = options;
  let kept = "jobs in memory";
  if (binlogDir !== null) kept = `binlog in ${binlogDir}, ${describeSync(options.sync)}`;
  if (kv !== null) kept = `jobs in the KV ${kv}`;
  const io = options.io === "epoll" ? " with epoll" : "";
  const withTls = tls !== null && address.kind !== "unix" ? " with TLS" : "";
  printer.say(`runnerbean: listening on ${where}${withTls} (${runtimeName()}${io}, ${kept})`);
  for (const [i, each] of further.entries()) {
    printer.say(`runnerbean: listening on ${describeAddress(each)} as ${options.listenAs[i].identity}`);
  }
  const httpAddress: Address | null = http === null
    ? null
    : { kind: "tcp", host: options.http!.host, port: http.port };
  if (httpAddress !== null) {
    const scheme = tls === null ? "http" : "https";
    printer.say(`runnerbean: HTTP API on ${scheme}://${describeAddress(httpAddress)}`);
  }
  exposures(options, addresses, httpAddress, gate !== null).forEach(printer.warn);
}

function describeSync(sync: SyncPolicy): string {
  if (sync.kind === "interval") return `synced every ${sync.ms} ms`;
  return sync.kind === "always" ? "synced before replies" : "syncing left to the system";
}
