// What a start should be warned of: doors that others can reach, and what they find behind them.

import type { Address } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Options } from "./options.ts";

/**
 * A line for each door that strangers may reach and that does not keep them out: the text protocol's (the first address),
 * those of --listen-as, and HTTP's.
 */
export function exposures(
  { listenAs, tlsCert }: Pick<Options, "listenAs" | "tlsCert">,
  [main, ...further]: readonly Address[],
  http: Address | null,
  hasAccessControl: boolean,
): string[] {
  const doors = http === null ? [main] : [main, http];
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
  if (!isExposed(address) || (hasAccessControl && hasTls)) return null;
  const where = describeAddress(address);
  if (hasAccessControl) {
    return `WARNING: ${where} is open to the network without TLS: tokens and jobs can be read on the way. Use --tls-cert`;
  }
  return `WARNING: ${where} is open to the network without access control: whoever reaches it may read, take and ` +
    "delete every job. Use --auth FILE, or listen on 127.0.0.1 or a unix socket (docs/SECURITY.md)";
}

function isExposed(address: Address): boolean {
  return address.kind === "tcp" && !isLoopback(address.host);
}

/** Whether only this machine can reach a listener on this host. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:(?=\d+\.)/i, "");
  return address === "localhost" || address === "::1" || /^127(?:\.\d{1,3}){3}$/.test(address);
}
