// Wrong tokens by address, so that nobody can go on guessing. Bounded: when it is full the oldest address is forgotten.

import type { StrangerLimits } from "./limits.ts";

interface Count {
  failures: number;
  readonly until: number;
}

export class Attempts {
  private readonly limits: StrangerLimits;
  /** In order of the windows' ends, since all are equally long. */
  private readonly byAddress = new Map<string, Count>();

  constructor(limits: StrangerLimits) {
    this.limits = limits;
  }

  /** Whether this address may try a token now. An unknown address ("") always may. */
  mayTry(address: string, now: number): boolean {
    const count = this.byAddress.get(network(address)); // never one for ""
    return count === undefined || now >= count.until || count.failures < this.limits.attemptsPerAddress;
  }

  /** Notes a wrong token. */
  failed(address: string, now: number): void {
    const key = network(address);
    if (key === "") return;
    const count = this.byAddress.get(key);
    if (count !== undefined && now < count.until) {
      count.failures++;
      return;
    }
    this.byAddress.delete(key); // to the end of the order
    this.byAddress.set(key, { failures: 1, until: now + this.limits.windowMs });
    if (this.byAddress.size <= this.limits.addresses) return;
    for (const oldest of this.byAddress.keys()) return void this.byAddress.delete(oldest);
  }
}

/**
 * Whom to count together: of IPv6 a subscriber has 64 bits at least, so those are one. "" is not counted: an unknown
 * address, and this machine's own, which a proxy shares among all who come through it.
 */
function network(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (plain === "::1" || plain.startsWith("127.")) return "";
  if (!plain.includes(":")) return plain;
  const [before, after] = plain.split("%")[0].split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail];
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
}
