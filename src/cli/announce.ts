// What a start says: where it listens and how, and what it must be warned of.

import process from "node:process";
import type { SyncPolicy } from "../journal/binlog.ts";
import { describeAddress } from "../ports/transport.ts";
import { type BoundAddresses, exposures } from "./exposure.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { runtimeName } from "../runtime/runtime.ts";
import type { Security } from "./security.ts";

export function announce(
  options: Options,
  { main, further, http }: BoundAddresses,
  { gate, tls }: Security,
  printer: Printer,
): void {
  if (options.verbosity > 0) {
    printer.say(`pid ${process.pid}`);
    for (const address of main) printer.say(`bind ${describeAddress(address)}`);
  }
  const { binlogDir, kv } = options;
  let kept = "jobs in memory";
  if (binlogDir !== null) kept = `binlog in ${binlogDir}, ${describeSync(options.sync)}`;
  if (kv !== null) kept = `jobs in the KV ${kv}`;
  const io = options.io === "epoll" ? " with epoll" : "";
  for (const address of main) {
    const withTls = tls !== null && address.kind !== "unix" ? " with TLS" : "";
    const where = describeAddress(address);
    printer.say(`runnerbean: listening on ${where}${withTls} (${runtimeName()}${io}, ${kept})`);
  }
  for (const [i, each] of further.entries()) {
    printer.say(`runnerbean: listening on ${describeAddress(each)} as ${options.listenAs[i].identity}`);
  }
  if (http !== null) {
    const scheme = tls === null ? "http" : "https";
    printer.say(`runnerbean: HTTP API on ${scheme}://${describeAddress(http)}`);
  }
  exposures(options, { main, further, http }, gate !== null).forEach(printer.warn);
}

function describeSync(sync: SyncPolicy): string {
  if (sync.kind === "interval") return `synced every ${sync.ms} ms`;
  return sync.kind === "always" ? "synced before replies" : "syncing left to the system";
}
