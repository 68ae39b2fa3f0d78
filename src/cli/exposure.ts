// What a start should be warned of: doors that others can reach, and what they find behind them.

import { statSync } from "node:fs";
import type { Address } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Options } from "./options.ts";

/** Of a Unix socket: whoever may write may connect. */
const OTHERS_MAY_WRITE = 0o002;

/** Where a server listens: the addresses that its sockets are bound to. */
export interface BoundAddresses {
  /** Of the text protocol. */
  readonly main: readonly Address[];
  /** Of --listen-as, in its order. */
  readonly further: readonly Address[];
  readonly http: Address | null;
}

/** A line for each of them that others may reach and that does not keep them out. */
export function exposures(
  { listenAs, tlsCert }: Pick<Options, "listenAs" | "tlsCert">,
  { main, further, http }: BoundAddresses,
  hasAccessControl: boolean,
): string[] {
  const doors = http === null ? main : [...main, http];
  const warnings = doors.map((door) => exposureOf(door, hasAccessControl, tlsCert !== null))
    .filter((warning) => warning !== null);
  for (const [i, address] of further.entries()) {
    if (!isExposed(address)) continue;
    const { identity } = listenAs[i];
    warnings.push(
      `WARNING: ${describeAddress(address)} is open to the network, and whoever reaches it is ${identity}`,
    );
  }
  return warnings;
}

/** The same for one door. */
export function exposureOf(address: Address, hasAccessControl: boolean, hasTls: boolean): string | null {
  if (address.kind === "unix") return hasAccessControl ? null : unixExposure(address.path);
  if (!isExposed(address) || (hasAccessControl && hasTls)) return null;
  const where = describeAddress(address);
  if (address.kind === "descriptor") {
    return `WARNING: where the inherited socket ${address.fd} listens cannot be told: if others than this machine ` +
      "reach it, use --auth FILE and --tls-cert (docs/SECURITY.md)";
  }
  if (hasAccessControl) {
    return `WARNING: ${where} is open to the network without TLS: tokens and jobs can be read on the way. Use --tls-cert`;
  }
  return `WARNING: ${where} is open to the network without access control: whoever reaches it may read, take and ` +
    "delete every job. Use --auth FILE, or listen on 127.0.0.1 or a unix socket (docs/SECURITY.md)";
}

function unixExposure(path: string): string | null {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS_MAY_WRITE) === 0) return null;
  return `WARNING: unix:${path} is open to every user of this machine without access control: whoever opens it may ` +
    "read, take and delete every job. Use --auth FILE, or permissions for some only (docs/SECURITY.md)";
}

function isExposed(address: Address): boolean {
  return address.kind === "descriptor" || (address.kind === "tcp" && !isLoopback(address.host));
}

/** Whether only this machine can reach a listener that is bound to this numeric address. */
export function isLoopback(host: string): boolean {
  const mapped = /^::ffff:([0-9a-f]{1,4}):[0-9a-f]{1,4}$/i.exec(host)?.[1]; // as URLs spell ::ffff:127.0.0.1
  if (mapped !== undefined) return parseInt(mapped, 16) >> 8 === 127;
  const address = host.replace(/^::ffff:(?=\d+\.)/i, "");
  return address === "::1" || /^127(?:\.\d{1,3}){3}$/.test(address);
}
