// What a start should be warned of: doors that others can reach, and what they find behind them.

import type { Address } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Options } from "./options.ts";

/** A line for each listener that strangers may reach and that does not keep them out. The first one is the main one. */
export function exposures(
  { listenAs, tlsCert }: Pick<Options, "listenAs" | "tlsCert">,
  addresses: readonly Address[],
  hasAccessControl: boolean,
): string[] {
  return addresses.flatMap((address, i) => {
    if (address.kind !== "tcp" || isLoopback(address.host)) return [];
    const where = describeAddress(address);
    if (!hasAccessControl) {
      return `WARNING: ${where} is open to the network without access control: whoever reaches it may read, take ` +
        "and delete every job. Use --auth FILE, or listen on 127.0.0.1 or a unix socket (docs/SECURITY.md)";
    }
    if (i > 0) {
      const { identity } = listenAs[i - 1];
      return `WARNING: ${where} is open to the network, and whoever reaches it is ${identity}`;
    }
    if (tlsCert !== null) return [];
    return `WARNING: ${where} is open to the network without TLS: tokens and jobs can be read on the way. Use --tls-cert`;
  });
}

/** Whether only this machine can reach a listener on this host. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:(?=\d+\.)/i, "");
  return address === "localhost" || address === "::1" || /^127(?:\.\d{1,3}){3}$/.test(address);
}
