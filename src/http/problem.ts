// What is answered when a request is refused: a problem document (RFC 9457) that names the field.

import { STATUS_CODES } from "node:http";
import type { RefusalReason, RefusalReporter } from "../ports/refusals.ts";

export interface ProblemExtras {
  /** What was wrong: a name in the path, the query, the headers or the body. */
  readonly field?: string;
  /** Seconds after which it may be asked again. */
  readonly retryAfter?: number;
  /** Under which reason it is counted, where the server or who runs it should know of it. Default: it is not. */
  readonly refusal?: RefusalReason;
  /** More members of the document. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal. Thrown anywhere below a request, it is the answer. */
export class Problem extends Error {
  readonly status: number;
  readonly extras: ProblemExtras;

  constructor(status: number, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.extras = extras;
  }

  /** Counts it, if it is to be counted. `peer` is the address of whom it answers. */
  report(refusals: RefusalReporter | null, peer: string | null): void {
    if (this.extras.refusal !== undefined) refusals?.refused(this.extras.refusal, peer);
  }

  response(): Response {
    return this.document().response;
  }

  /** The answer, and its body as text for those who cannot wait until it is read. */
  document(): { readonly response: Response; readonly text: string } {
    const { status, message, extras } = this;
    const { field, retryAfter, more, headers } = extras;
    const document = {
      type: "about:blank",
      title: STATUS_CODES[status] ?? "Error",
      status,
      detail: message,
      ...(field === undefined ? {} : { field }),
      ...more,
    };
    const text = JSON.stringify(document);
    const response = new Response(text, {
      status,
      headers: {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
        ...headers,
      },
    });
    return { response, text };
  }
}

export function notFound(what: string): Problem {
  return new Problem(404, `there is no ${what}`);
}

/** The answer to a request that failed by a fault of this program. */
export function internalError(headers: Readonly<Record<string, string>> = {}): Response {
  const detail = "the request failed; the server's log says more";
  return new Problem(500, detail, { more: { code: "INTERNAL_ERROR" }, headers }).response();
}

/** A value in the wrong form. */
export function badField(field: string, detail: string): Problem {
  return new Problem(400, detail, { field });
}
