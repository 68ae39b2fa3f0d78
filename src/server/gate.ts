// Access control of a server: who is connected under which identity, and what strangers may cost.
// Invariant: a connection whose identity has ended, by its date or by a reload, does not stay.

import type { Access } from "../access/access.ts";
import { Attempts } from "../access/attempts.ts";
import type { Identity } from "../access/identity.ts";
import { STRANGER_LIMITS } from "../access/limits.ts";
import type { StrangerLimits } from "../access/limits.ts";
import type { IdentityEntry } from "../access/token_file.ts";
import type { RefusalReason, RefusalReporter } from "../ports/refusals.ts";
import type { Transport } from "../ports/transport.ts";
import { Guard } from "./guard.ts";
import type { Guarded } from "./guard.ts";

export class Gate {
  readonly access: Access;
  readonly limits: StrangerLimits;
  /** Told of whom it refuses; never anything of a token. Set by the server. */
  refusals: RefusalReporter | null = null;
  private readonly attempts: Attempts;
  private readonly guards = new Set<Guard>();
  /** In the order in which they came. */
  private readonly strangers = new Set<Guard>();
  /** What goes on under an identity and is no connection of this server. */
  private readonly holds = new Set<{ readonly identity: Identity; readonly end: () => void }>();
  /** When the first of the known connections' identities ends, or earlier. */
  private endsAt = Infinity;

  constructor(access: Access, limits: StrangerLimits = STRANGER_LIMITS) {
    this.access = access;
    this.limits = limits;
    this.attempts = new Attempts(limits);
  }

  /** The guard of a new connection. It is who its certificate says, or else who its door says. */
  guard(connection: Guarded, transport: Transport, identity: Identity | null, now: number): Guard {
    const guard = new Guard(this, connection, hostOf(transport.peerAddress ?? null), now);
    const { certificateName = null } = transport;
    const known = (certificateName === null ? null : this.access.named(certificateName)) ?? identity;
    this.guards.add(guard);
    this.strangers.add(guard);
    if (known !== null) guard.become(known);
    return guard;
  }

  /** Strangers beyond the limit: the oldest has had the longest time. To be called when a connection is complete. */
  makeRoom(): void {
    if (this.strangers.size <= this.limits.connections) return;
    for (const oldest of this.strangers) return this.end(oldest, "stranger");
  }

  left(guard: Guard): void {
    this.guards.delete(guard);
    this.strangers.delete(guard);
  }

  /** Whether tokens from this address are looked at. */
  mayTry(address: string, now: number): boolean {
    return this.attempts.mayTry(address, now);
  }

  /** Has `end` called when the identity ends, or may do something else than before. Returns what takes that back. */
  hold(identity: Identity, end: () => void): () => void {
    const hold = { identity, end };
    this.holds.add(hold);
    this.endsAt = Math.min(this.endsAt, identity.expiresAt);
    return () => void this.holds.delete(hold);
  }

  /** The identity of a token, if this address may still try one. Also for logins that are no connection's. */
  identify(token: string, address: string, now: number): Identity | null {
    if (!this.mayTry(address, now)) {
      this.refusals?.refused("attempts", address);
      return null;
    }
    const identity = this.access.identify(token, now);
    if (identity !== null) return identity;
    this.attempts.failed(address, now);
    this.refusals?.refused("token", address === "" ? null : address);
    return null;
  }

  /** It is known who that is. */
  knows(guard: Guard): void {
    this.strangers.delete(guard);
    this.endsAt = Math.min(this.endsAt, guard.identity!.expiresAt);
  }

  /** From now on these are known. Connections of those that are not any more are closed. */
  replace(identities: readonly IdentityEntry[]): void {
    this.access.replace(identities);
    for (const guard of [...this.guards]) {
      const { identity } = guard;
      if (identity === null) continue;
      const renewed = this.access.renewed(identity);
      if (renewed === null) this.end(guard, "token");
      else {
        guard.become(renewed);
        if (!guard.mayGoOnWaiting()) this.end(guard, "unauthorized");
      }
    }
    this.endHolds(({ rights, expiresAt }, renewed) =>
      renewed?.rights !== rights || renewed.expiresAt !== expiresAt
    );
  }

  /** When {@link sweep} has something to do again, or Infinity. */
  get nextInstant(): number {
    for (const oldest of this.strangers) return Math.min(this.endsAt, oldest.since + this.limits.ms);
    return this.endsAt;
  }

  /** Closes connections whose time is up. */
  sweep(now: number): void {
    for (const stranger of this.strangers) {
      if (now < stranger.since + this.limits.ms) break;
      this.end(stranger, "stranger");
    }
    if (now < this.endsAt) return;
    this.endsAt = Infinity;
    for (const guard of [...this.guards]) {
      const expiresAt = guard.identity?.expiresAt ?? Infinity;
      if (expiresAt <= now) this.end(guard, "token");
      else this.endsAt = Math.min(this.endsAt, expiresAt);
    }
    this.endHolds(({ expiresAt }) => expiresAt <= now);
    for (const { identity } of this.holds) this.endsAt = Math.min(this.endsAt, identity.expiresAt);
  }

  private end({ connection, address }: Guard, reason: RefusalReason): void {
    this.refusals?.refused(reason, address === "" ? null : address);
    connection.shut();
  }

  private endHolds(isOver: (identity: Identity, renewed: Identity | null) => boolean): void {
    for (const hold of [...this.holds]) {
      if (!isOver(hold.identity, this.access.renewed(hold.identity))) continue;
      this.holds.delete(hold);
      hold.end();
    }
  }
}

/** The address without its port. */
function hostOf(peerAddress: string | null): string {
  return peerAddress === null ? "" : peerAddress.replace(/:\d+$/, "");
}
