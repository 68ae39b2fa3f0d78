// Leases: jobs that are held by nobody's connection. Each reserve gets a session of its own, which lives as long as the
// jobs that it got; whoever has a job's token may do with it what its holder may. A session reserves only once, so a job
// that ran out and came back is never its again, and its token is stale.

import { randomBytes } from "node:crypto";
import { RESERVED } from "../../core/jobs.ts";
import { RESERVED_JOB } from "../../core/outbox.ts";
import { ReserveTask } from "../../server/local_batches.ts";
import { WatchTask } from "../../server/local_line.ts";
import type { LocalPeer } from "../../server/local_peer.ts";
import { Task } from "../../server/local_task.ts";
import type { Server } from "../../server/server.ts";
import { bodyTextOf } from "../job_text.ts";
import type { LeasedJob } from "../model.ts";
import { Problem } from "../problem.ts";
import type { LeaseAct, ReserveQuery } from "../source.ts";
import { nameOf } from "./shown.ts";
import { openPeer, outcome } from "./tasks.ts";

/** Requests that may wait for jobs at the same time. */
export const MAX_WAITING_RESERVES = 10_000;
/** Leases at the same time. */
export const MAX_LEASES = 100_000;
const NO_MEMORY = "there is no memory for another session or its tubes; see --max-memory";
/** How often sessions whose jobs have all run out are looked for, in milliseconds, and how many are looked at each time. */
const SWEEP_MS = 1000;
const SWEPT_AT_ONCE = 2000;

const encoder = new TextEncoder();

/** What a reserve got, with what is needed to know the job again. */
interface Grant {
  readonly id: number;
  readonly tube: string;
  readonly priority: number;
  readonly ttr: number;
  readonly reserves: number;
  readonly expiresAt: number;
}

interface Lease extends Grant {
  readonly holding: Holding;
}

/** A session and the tokens of what it holds. */
interface Holding {
  readonly peer: LocalPeer;
  readonly tokens: Set<string>;
}

/** Reserves, and notes what it got. */
class GrantTask extends ReserveTask {
  readonly grants: Grant[] = [];

  override reply(peer: LocalPeer, kind: number, row: number): void {
    if (kind === RESERVED_JOB) {
      const { jobs, tubes } = peer.server.engine;
      this.grants.push({
        id: jobs.id.get(row),
        tube: nameOf(tubes.at(jobs.tube.get(row))),
        priority: jobs.pri.get(row),
        ttr: jobs.ttr.get(row),
        reserves: jobs.reserves.get(row),
        expiresAt: jobs.deadlineAt.get(row),
      });
    }
    super.reply(peer, kind, row);
  }
}

/** One act of a holder. `isStale`: the job is not held any more, and nothing was done. */
class HeldTask extends Task {
  isStale = false;
  expiresAt = 0;
  private readonly lease: Lease;
  private readonly act: LeaseAct;

  constructor(lease: Lease, act: LeaseAct) {
    super();
    this.lease = lease;
    this.act = act;
  }

  step(peer: LocalPeer, now: number): void {
    if (!peer.mayRun()) return;
    this.isOver = true;
    const { server, session } = peer;
    const { engine } = server;
    const { id, priority } = this.lease;
    const row = engine.jobs.find(id);
    if (!isHeld(this.lease, row)) {
      this.isStale = true;
      peer.holdAnswer();
      return;
    }
    const { act } = this;
    if (act.kind === "delete") engine.delete(session, id);
    else if (act.kind === "release") engine.release(session, id, act.priority ?? priority, act.delay, now);
    else if (act.kind === "bury") engine.bury(session, id, act.priority ?? priority);
    else {
      engine.touch(session, id, now);
      this.expiresAt = engine.jobs.deadlineAt.get(row);
    }
    server.deliver();
  }

  reply(): void {}
}

function isHeld({ holding, reserves }: Lease, row: number): boolean {
  if (row === 0) return false;
  const { server, session } = holding.peer;
  const { jobs } = server.engine;
  return jobs.state.get(row) === RESERVED && jobs.holder.get(row) === session.slot &&
    jobs.reserves.get(row) === reserves;
}

export class Leases {
  readonly #server: Server;
  readonly #byToken = new Map<string, Lease>();
  readonly #holdings = new Set<Holding>();
  #waiting = 0;
  #isClosed = false;
  #sweep: Iterator<Holding> | null = null;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(server: Server) {
    this.#server = server;
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS);
    this.#timer.unref?.();
  }

  /**
   * Waits for jobs. Whoever goes away while waiting gets none, and what was granted just then, even if the journal does not
   * have it yet, is ready again at once.
   */
  async reserve(query: ReserveQuery, signal: AbortSignal): Promise<readonly LeasedJob[]> {
    if (this.#waiting >= MAX_WAITING_RESERVES || this.#byToken.size + query.count > MAX_LEASES) {
      throw new Problem(503, "too many requests wait for jobs, or too many jobs are leased", {
        retryAfter: 1,
        refusal: "http-leases",
      });
    }
    if (!this.#server.engine.admitsSession()) throw new Problem(507, NO_MEMORY, { refusal: "memory" });
    const peer = openPeer(this.#server, query.peer, query.identityName);
    const watch = new WatchTask(query.tubes.map((tube) => encoder.encode(tube)));
    const leaveOff = (): void => peer.close();
    this.#waiting++;
    try {
      peer.run(watch);
      const granted = outcome(peer, new GrantTask(query.count, query.timeoutSeconds, watch));
      if (signal.aborted) leaveOff();
      signal.addEventListener("abort", leaveOff, { once: true });
      const { grants, bodies } = await granted.catch((error) => {
        if (!signal.aborted) throw error;
        return { grants: [], bodies: [] };
      });
      if (signal.aborted || grants.length === 0) {
        peer.close();
        if (watch.isRefused) throw new Problem(507, NO_MEMORY, { refusal: "memory" });
        return [];
      }
      return this.#lease(peer, grants).map((job, i) => ({
        ...job,
        body: bodyTextOf(bodies[i], query.encoding, true),
      }));
    } finally {
      signal.removeEventListener("abort", leaveOff);
      this.#waiting--;
    }
  }

  #lease(peer: LocalPeer, grants: readonly Grant[]): Omit<LeasedJob, "body">[] {
    const holding: Holding = { peer, tokens: new Set() };
    this.#holdings.add(holding);
    return grants.map((grant) => {
      const token = randomBytes(16).toString("base64url");
      this.#byToken.set(token, { ...grant, holding });
      holding.tokens.add(token);
      const { id, tube, priority, ttr, expiresAt } = grant;
      return { token, id, tube, priority, ttr, expiresAt: this.#timeText(expiresAt) };
    });
  }

  /** Does what a holder may. For touch it answers when the lease ends now. */
  async act(token: string, act: LeaseAct): Promise<{ expiresAt: string } | null> {
    const lease = this.#byToken.get(token);
    if (lease === undefined) throw staleToken();
    const task = new HeldTask(lease, act);
    const done = await outcome(lease.holding.peer, task).catch((error) => {
      // What has not run when its session ends with the act before it is stale; what has run never is.
      const isStale = task.isOver ? task.isStale : !this.#isClosed && !this.#byToken.has(token);
      throw isStale ? staleToken() : error;
    });
    if (act.kind !== "touch" || done.isStale) this.#forget(token, lease);
    if (done.isStale) throw staleToken();
    return act.kind === "touch" ? { expiresAt: this.#timeText(done.expiresAt) } : null;
  }

  #timeText(instant: number): string {
    return new Date(this.#server.wallInstant(instant)).toISOString();
  }

  tubeOf(token: string): string | null {
    return this.#byToken.get(token)?.tube ?? null;
  }

  #forget(token: string, { holding }: Lease): void {
    this.#byToken.delete(token);
    holding.tokens.delete(token);
    if (holding.tokens.size === 0) this.#end(holding);
  }

  #end(holding: Holding): void {
    for (const token of holding.tokens) this.#byToken.delete(token);
    this.#holdings.delete(holding);
    holding.peer.close();
  }

  /** Ends some sessions whose jobs have all run out. One with an act that waits for the journal is left until it is told. */
  sweep(): void {
    for (let left = Math.min(SWEPT_AT_ONCE, this.#holdings.size); left > 0; left--) {
      this.#sweep ??= this.#holdings.values();
      const { value, done } = this.#sweep.next();
      if (done) this.#sweep = null;
      else if (!value.peer.isBusy && value.peer.session.heldCount === 0) this.#end(value);
    }
  }

  /** How many there are, for tests and metrics. */
  get counts(): { leases: number; sessions: number; waiting: number } {
    return { leases: this.#byToken.size, sessions: this.#holdings.size, waiting: this.#waiting };
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const holding of [...this.#holdings]) this.#end(holding);
  }
}

function staleToken(): Problem {
  return new Problem(409, "the lease is over: its time ran out, or the job was deleted, released or buried", {
    field: "token",
  });
}
