// From what a flag calls a host to the one numeric address that is bound, the same on every runtime.

import { readFileSync } from "node:fs";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import os from "node:os";
import process from "node:process";

/** Stands for every address of this machine. */
const ALL = "*";
const ALL_IPV6 = "::";
const ALL_IPV4 = "0.0.0.0";

/** What is asked of the system; tests bring their own. */
export interface HostFacts {
  /** The addresses of a name, or of another spelling of an address such as 127.1. Rejects with the system's error. */
  lookUp(host: string): Promise<readonly { readonly address: string; readonly family: number }[]>;
  hasIpv6(): boolean;
}

/** Those of this machine. */
export const SYSTEM_FACTS: HostFacts = {
  lookUp: (host) => lookup(host, { all: true }),
  hasIpv6,
};

/** The kernel's list where there is one: a hardened service may not ask for its interfaces. */
function hasIpv6(): boolean {
  try {
    return readFileSync("/proc/net/if_inet6", "latin1") !== "";
  } catch {
    if (process.platform === "linux") return false; // no list: no IPv6
    const all = Object.values(os.networkInterfaces());
    return all.some((addresses) => addresses?.some(({ family }) => family === "IPv6"));
  }
}

/**
 * The address of a host: numeric, without brackets. Of a name's addresses the first of IPv4 is taken, else the first. `*` is
 * every address of the machine. Rejects with the system's error when there is no such host.
 */
export async function resolveHost(host: string, facts: HostFacts = SYSTEM_FACTS): Promise<string> {
  if (host === ALL) return facts.hasIpv6() ? ALL_IPV6 : ALL_IPV4;
  const bare = withoutBrackets(host);
  if (isIP(bare) !== 0) return bare;
  const found = await facts.lookUp(host);
  const chosen = found.find(({ family }) => family === 4) ?? found[0];
  if (chosen === undefined) throw Object.assign(new Error(`no address of ${host}`), { code: "ENOTFOUND" });
  return chosen.address;
}

/** `[::1]` is `::1`; anything else is itself. */
export function withoutBrackets(host: string): string {
  return /^\[([0-9A-Fa-f:.]+(?:%[^\]]+)?)\]$/.exec(host)?.[1] ?? host;
}

/** Whether this is a name: what a browser may show in its address line, unlike an address or `*`. */
export function isHostName(host: string): boolean {
  return host !== ALL && isIP(withoutBrackets(host)) === 0;
}
