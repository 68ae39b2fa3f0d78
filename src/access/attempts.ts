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
    const count = this.byAddress.get(network(address));
    return count === undefined || now >= count.until || count.failures < this.limits.attemptsPerAddress;
  }

  /** Notes a wrong token. */
  failed(address: string, now: number): void {
    if (address === "") return;
    const key = network(address);
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

/** Whom to count together: of IPv6 a subscriber has 64 bits at least, so those are one. */
function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1];
  if (!address.includes(":")) return address;
  const [before, after] = address.split("%")[0].split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail];
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
}
