// From which pages a browser's requests may come. A page of somebody else can make a browser send requests here, and with a
// name of its own that leads to this machine it can even read the answers; so names and origins are checked, whether there
// is access control or not. What is no browser sends no origin and is not meant.

import { Problem } from "../problem.ts";

export interface OriginOptions {
  /** Pages of these origins may use the API, with a token. */
  readonly cors: readonly string[];
  /** Names under which the port may be reached besides addresses and localhost; null: any. */
  readonly names: readonly string[] | null;
}

const CHANGING = /^(?!GET$|HEAD$|OPTIONS$)/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;
const PREFLIGHT_SECONDS = "600";

export class Origins {
  readonly #cors: ReadonlySet<string>;
  readonly #names: ReadonlySet<string> | null;

  constructor({ cors, names }: OriginOptions) {
    this.#cors = new Set(cors);
    this.#names = names === null ? null : new Set(names.map((name) => name.toLowerCase()));
  }

  /** Throws the problem of a request that a page of somebody else has made. */
  check(request: Request): void {
    const host = request.headers.get("host");
    if (host !== null && !this.#isOurs(host)) {
      throw new Problem(421, "this server is not known by that name", {
        field: "host",
        refusal: "http-origin",
      });
    }
    const origin = request.headers.get("origin");
    const isUpgrade = request.headers.has("upgrade");
    if (!isUpgrade && !CHANGING.test(request.method)) return;
    const isForeign = origin === null
      ? request.headers.get("sec-fetch-site") === "cross-site"
      : !isSameOrigin(origin, host) && (isUpgrade || !this.#cors.has(origin));
    if (isForeign) {
      throw new Problem(403, "pages of other origins may not do this", {
        field: "origin",
        refusal: "http-origin",
      });
    }
  }

  /** Whether a request says that it comes from a page of this very server. */
  isFromOurPage(request: Request): boolean {
    const origin = request.headers.get("origin");
    return origin !== null && isSameOrigin(origin, request.headers.get("host"));
  }

  /** The answer to a page that asks whether it may; null when the request is no such question, or it may not. */
  preflight(request: Request): Response | null {
    if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return null;
    const headers = this.allowance(request);
    if (headers === null) return null;
    return new Response(null, {
      status: 204,
      headers: {
        ...headers,
        "access-control-allow-methods": "GET, POST, PATCH, DELETE",
        "access-control-allow-headers": "authorization, content-type, idempotency-key",
        "access-control-max-age": PREFLIGHT_SECONDS,
      },
    });
  }

  /** What lets a page of a configured origin read the answer. */
  allowance(request: Request): Record<string, string> | null {
    const origin = this.#cors.size === 0 ? null : request.headers.get("origin");
    if (origin === null || !this.#cors.has(origin)) return null;
    return {
      "access-control-allow-origin": origin,
      "cross-origin-resource-policy": "cross-origin",
      vary: "origin",
    };
  }

  #isOurs(host: string): boolean {
    if (this.#names === null) return true;
    const name = host.replace(/:\d+$/, "").toLowerCase();
    return ADDRESS.test(name) || name === "localhost" || name.endsWith(".localhost") || this.#names.has(name);
  }
}

/** The scheme does not count: a proxy may speak TLS for us. */
function isSameOrigin(origin: string, host: string | null): boolean {
  return URL.canParse(origin) && host !== null && new URL(origin).host === host.toLowerCase();
}
