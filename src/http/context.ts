// All that the app is made of besides its routes. Whoever serves it puts it together.

import type { Identity } from "../access/identity.ts";
import type { Audit } from "./audit.ts";
import type { PutMemory } from "./put_memory.ts";
import type { Route } from "./route.ts";
import type { RefusalReporter } from "../ports/refusals.ts";
import type { Server } from "../server/server.ts";
import type { RateLimitedLog } from "./rate_limited_log.ts";
import type { Source } from "./source.ts";

/** Who calls. */
export interface Admission {
  readonly name: string;
  /** Null for who has not said it, where a route is open to everybody. */
  readonly identity: Identity | null;
  /** The signal, or one that also aborts when the caller's rights end. To be released when nobody listens any more. */
  held(signal: AbortSignal): AbortSignal;
  release(): void;
}

/** Decides who may call what. */
export interface Gate {
  /**
   * Says who calls, or throws the problem that refuses. `tubesOf` finds the tubes that a call concerns; empty when it
   * concerns none, or all. It must be asked before anything of the request is carried out.
   */
  admit(
    request: Request,
    route: Route,
    peer: string | null,
    tubesOf: () => Promise<readonly string[]>,
  ): Promise<Admission>;
}

export interface Context {
  readonly source: Source;
  /** The server of this process, if that is the source: for WebSockets. */
  readonly server: Server | null;
  readonly audit: Audit;
  /** Answers to puts with an idempotency key. */
  readonly putMemory: PutMemory;
  /** Null: whoever reaches the port may do all. */
  readonly gate: Gate | null;
  /** Where refused requests are counted; null: nowhere. */
  readonly refusals: RefusalReporter | null;
  /** Where faults of this program are said. */
  readonly log: RateLimitedLog;
  /** Routes of others: events, metrics, sessions, the console. */
  readonly more: readonly Route[];
}
