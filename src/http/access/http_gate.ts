// Who makes a request, and whether the route is open to them: a bearer token, or the console's session with its cookie.

import type { Identity } from "../../access/identity.ts";
import type { Scope } from "../../access/scopes.ts";
import type { Gate as ServerGate } from "../../server/gate.ts";
import type { RefusalReason } from "../../ports/refusals.ts";
import type { Admission, Gate } from "../context.ts";
import { Problem } from "../problem.ts";
import type { Route } from "../route.ts";
import type { Origins } from "./origins.ts";
import { isSameSecret, Sessions } from "./sessions.ts";
import type { Session } from "./sessions.ts";

/** The header that a change must carry when it comes with a cookie. */
export const CSRF_HEADER = "x-csrf-token";
const CHANGING = /^(?!GET$|HEAD$)/;

export class HttpGate implements Gate {
  readonly #gate: ServerGate;
  readonly #origins: Origins;
  readonly #sessions = new Sessions();
  /** A cookie of this name goes back only to the host that set it, and only over TLS. */
  readonly #cookieName: string;
  readonly #hasTls: boolean;

  constructor(gate: ServerGate, origins: Origins, hasTls: boolean) {
    this.#gate = gate;
    this.#origins = origins;
    this.#hasTls = hasTls;
    this.#cookieName = hasTls ? "__Host-runnerbean" : "runnerbean";
  }

  async admit(
    request: Request,
    route: Route,
    peer: string | null,
    tubesOf: () => Promise<readonly string[]>,
  ): Promise<Admission> {
    const identity = this.#identityOf(request, route, peer);
    if (route.scope !== "none") {
      if (identity === null) throw unauthorized("a token is expected", "unauthorized");
      if (route.scope === "known") return new Admitted(this.#gate, identity);
      const tubes = await tubesOf();
      if (!mayUse(identity, route, route.scope, tubes)) throw forbidden(identity, route.scope, tubes);
    }
    return new Admitted(this.#gate, identity);
  }

  /** Begins a session for who has the token. Returns the cookie with it. */
  login(token: string, peer: string | null): { readonly session: Session; readonly cookie: string } {
    const identity = this.#identify(token, peer);
    const { session, id } = this.#sessions.open(identity, Date.now());
    return { session, cookie: this.#cookie(id, Math.floor((session.endsAt - Date.now()) / 1000)) };
  }

  /** Ends the session of a request. Returns the cookie that takes the other one's place. */
  logout(request: Request): string {
    const id = this.#sessionId(request);
    if (id !== null) this.#sessions.close(id);
    return this.#cookie("", 0);
  }

  /** The session that a request comes with. */
  sessionOf(request: Request): Session | null {
    const id = this.#sessionId(request);
    return id === null ? null : this.#current(id);
  }

  #identityOf(request: Request, route: Route, peer: string | null): Identity | null {
    const authorization = request.headers.get("authorization");
    if (authorization !== null) {
      const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
      if (token === undefined) throw unauthorized("a bearer token is expected", "unauthorized");
      return this.#identify(token, peer);
    }
    const session = this.sessionOf(request);
    if (session === null) return null;
    const field = this.#missing(request, session);
    if (field === null) return session.identity;
    if (route.scope === "none") return null; // to log in anew, or as a stranger
    throw new Problem(403, "this header must show that a page of this server asks", {
      field,
      refusal: "http-origin",
    });
  }

  /** A cookie comes by itself, whoever made the request. What is missing to show that it was one of our own pages. */
  #missing(request: Request, session: Session): string | null {
    if (request.headers.has("upgrade")) return this.#origins.isFromOurPage(request) ? null : "origin";
    if (!CHANGING.test(request.method)) return null;
    return isSameSecret(request.headers.get(CSRF_HEADER) ?? "", session.csrf) ? null : CSRF_HEADER;
  }

  #identify(token: string, peer: string | null): Identity {
    const address = peer === null ? "" : peer.replace(/:\d+$/, "");
    const now = Date.now();
    if (!this.#gate.mayTry(address, now)) {
      throw new Problem(429, "too many wrong tokens came from this address", {
        retryAfter: 60,
        refusal: "attempts",
      });
    }
    const identity = this.#gate.identify(token, address, now);
    if (identity === null) throw unauthorized("the token is not known, or not any more");
    return identity;
  }

  /** The session, with what its identity has become. */
  #current(id: string): Session | null {
    const now = Date.now();
    const session = this.#sessions.find(id, now);
    if (session === null) return null;
    const identity = this.#gate.access.renewed(session.identity);
    if (identity === null || now >= identity.expiresAt) {
      this.#sessions.close(id);
      return null;
    }
    session.identity = identity;
    return session;
  }

  #sessionId(request: Request): string | null {
    for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
      const [name, value] = pair.trim().split("=", 2);
      if (name === this.#cookieName && value) return value;
    }
    return null;
  }

  #cookie(value: string, seconds: number): string {
    const secure = this.#hasTls ? "; Secure" : "";
    return `${this.#cookieName}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  }
}

/** Who was let in. */
class Admitted implements Admission {
  readonly identity: Identity | null;
  readonly #gate: ServerGate;
  #release: (() => void) | null = null;

  constructor(gate: ServerGate, identity: Identity | null) {
    this.#gate = gate;
    this.identity = identity;
  }

  get name(): string {
    return this.identity?.name ?? "nobody";
  }

  held(signal: AbortSignal): AbortSignal {
    if (this.identity === null || signal.aborted) return signal;
    const ending = new AbortController();
    this.release();
    this.#release = this.#gate.hold(this.identity, () => ending.abort());
    signal.addEventListener("abort", () => this.release(), { once: true });
    return AbortSignal.any([signal, ending.signal]);
  }

  release(): void {
    this.#release?.();
    this.#release = null;
  }
}

/** What concerns no tube in particular concerns all. A job or a lease that is not there is nobody's: the answer says so. */
function mayUse(identity: Identity, route: Route, scope: Scope, tubes: readonly string[]): boolean {
  if (tubes.length > 0) return tubes.every((tube) => identity.may(scope, tube));
  if (route.tube === "own") return identity.mayAnywhere(scope);
  const isMissing = route.tube === "job" || route.tube === "lease";
  return isMissing ? identity.mayAnywhere(scope) : identity.mayEverywhere(scope);
}

function unauthorized(detail: string, refusal?: RefusalReason): Problem {
  return new Problem(401, detail, {
    field: "authorization",
    refusal,
    headers: { "www-authenticate": 'Bearer realm="runnerbean"' },
  });
}

function forbidden({ name }: Identity, scope: string, tubes: readonly string[]): Problem {
  const where = tubes.length === 0 ? "all tubes" : tubes.join(", ");
  return new Problem(403, `${name} does not have the scope ${scope} for ${where}`, {
    refusal: "unauthorized",
  });
}
