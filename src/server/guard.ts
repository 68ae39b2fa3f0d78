// Who is at the other end of a connection, and whether a command of theirs may run.
// Cost: for put, reserve and delete a few comparisons, since what an identity may do with a tube is remembered.

import type { Identity } from "../access/identity.ts";
import { NO_SCOPE } from "../access/scopes.ts";
import type { Engine } from "../core/engine.ts";
import { RESERVED } from "../core/jobs.ts";
import { CHEAP_WATCHES } from "../core/limits.ts";
import type { Session } from "../core/session.ts";
import * as commands from "../protocol/command.ts";
import type { Command } from "../protocol/command.ts";
import type { Gate } from "./gate.ts";
import * as needs from "./permission.ts";
import { DRAIN_STATUS, PERMISSIONS } from "./permission.ts";

/** The connection, as far as its guard knows it. */
export interface Guarded {
  readonly session: Session;
  /** Closes it at once. */
  shut(): void;
}

export class Guard {
  readonly connection: Guarded;
  /** Where the peer is, without a port; "" when that is not known. */
  readonly address: string;
  /** When it came. */
  readonly since: number;
  private readonly gate: Gate;
  private current: Identity | null = null;
  private failures = 0;
  private strangerBytes = 0;
  /** The last tube that was asked about, and what may be done there. */
  private lastName: Uint8Array | null = null;
  private lastScopes = NO_SCOPE;
  /** Whether all watched tubes may be reserved from, and whether that is known. */
  private isWatchingAllowed = false;
  private isWatchingKnown = false;
  /** The last `use` was refused: nothing may go to the tube that was in use before. */
  private isTubeRefused = false;

  constructor(gate: Gate, connection: Guarded, address: string, since: number) {
    this.gate = gate;
    this.connection = connection;
    this.address = address;
    this.since = since;
  }

  /** Who it is; null for a stranger. */
  get identity(): Identity | null {
    return this.current;
  }

  become(identity: Identity): void {
    if (identity !== this.current) this.isWatchingKnown = false;
    this.current = identity;
    this.lastName = null;
    this.gate.knows(this);
  }

  /** Tries a token. */
  login(token: string, now: number): boolean {
    const identity = this.gate.identify(token, this.address, now);
    if (identity === null) this.failures++;
    else this.become(identity);
    return identity !== null;
  }

  /** Counts what a stranger has sent. */
  heard(bytes: number): void {
    this.strangerBytes += bytes;
  }

  /** It has had all that a stranger gets, or has tried too many tokens. */
  get isTiresome(): boolean {
    const { limits } = this.gate;
    return this.failures >= limits.attempts || (this.current === null && this.strangerBytes > limits.bytes);
  }

  /** Whether the command may run. */
  permits(engine: Engine, session: Session, command: Command, now: number): boolean {
    let permission = PERMISSIONS[command.code];
    if (command.code === commands.DRAIN && command.setting === null) permission = DRAIN_STATUS;
    if (permission.isForStrangers) return true;
    const identity = this.current;
    if (identity === null || now >= identity.expiresAt) return false;
    switch (permission.subject) {
      case needs.USED_TUBE:
        return !this.isTubeRefused && (this.scopesOf(identity, session.used.name) & permission.scopes) !== 0;
      case needs.WATCHED_TUBES:
        return this.maySeeWatched(identity, session, permission.scopes, engine);
      case needs.JOBS_TUBE:
        return this.permitsJob(identity, engine, session, command.id, permission);
      case needs.NAMED_TUBE:
        return this.permitsName(identity, session, command, permission.scopes);
      case needs.ANY_TUBE:
        return identity.mayAnywhere(permission.scope);
      case needs.ALL_TUBES:
        return identity.mayEverywhere(permission.scope);
      default:
        // An ignore may take out the one that is not allowed; all others leave what is watched as it is.
        if (!this.isWatchingAllowed) this.isWatchingKnown = false;
        return true;
    }
  }

  /** Whether a wait that is going on may go on. */
  mayGoOnWaiting(): boolean {
    const { session } = this.connection;
    const { scopes } = PERMISSIONS[commands.RESERVE];
    return !session.isWaiting || (this.current !== null && this.maySeeWatched(this.current, session, scopes));
  }

  private permitsName(identity: Identity, session: Session, command: Command, scopes: number): boolean {
    if (this.isTubeRefused && command.source === session.used.name) return false; // by a hyphen
    const isAllowed = (identity.scopesOf(command.source, command.nameFrom, command.nameTo) & scopes) !== 0;
    if (command.code === commands.USE) this.isTubeRefused = !isAllowed;
    return isAllowed;
  }

  /** What does not exist may be asked for: the answer is NOT_FOUND. */
  private permitsJob(
    identity: Identity,
    engine: Engine,
    session: Session,
    id: number,
    permission: needs.Permission,
  ): boolean {
    const { jobs, tubes } = engine;
    const row = jobs.find(id);
    if (row === 0) return true;
    const scopes = this.scopesOf(identity, tubes.at(jobs.tube.get(row)).name);
    if ((scopes & permission.scopes) !== 0) return true;
    const isHeld = jobs.state.get(row) === RESERVED && jobs.holder.get(row) === session.slot;
    return isHeld && (scopes & permission.whenHeld) !== 0;
  }

  /** Known from then on: a tube that is not allowed cannot be watched later. `engine`: where the looks are counted. */
  private maySeeWatched(identity: Identity, session: Session, scopes: number, engine?: Engine): boolean {
    if (this.isWatchingKnown) return this.isWatchingAllowed;
    const { watches } = session;
    let allowed = 0;
    while (
      allowed < watches.length && (identity.scopesOfTube(watches[allowed].tube.name) & scopes) !== 0
    ) allowed++;
    if (allowed > CHEAP_WATCHES && engine !== undefined) engine.inside.effort += allowed;
    this.isWatchingKnown = true;
    this.isWatchingAllowed = allowed === watches.length;
    return this.isWatchingAllowed;
  }

  private scopesOf(identity: Identity, name: Uint8Array): number {
    if (name !== this.lastName) {
      this.lastName = name;
      this.lastScopes = identity.scopesOfTube(name);
    }
    return this.lastScopes;
  }
}
