// Puts over HTTP, with and without an idempotency key, and what a key that comes again is answered.

import type { Random } from "../support/random.ts";
import type { HttpRequest } from "./http_client.ts";
import type { Command } from "./tube_model.ts";

export interface Put {
  readonly command: Command & { readonly verb: "put" };
  readonly key: string | null;
  readonly request: HttpRequest;
}

export interface PutNumbers {
  readonly pri: number;
  readonly delay: number;
  readonly ttr: number;
}

/** Keys that are remembered for being used again. */
const KEPT = 50;

export class HttpPuts {
  private readonly random: Random;
  private readonly kept: { readonly put: Put; readonly id: number }[] = [];
  private keys = 0;

  constructor(random: Random) {
    this.random = random;
  }

  get hasAnswered(): boolean {
    return this.kept.length > 0;
  }

  compose(tube: string, body: string, { pri, delay, ttr }: PutNumbers): Put {
    const key = this.random.chance(0.5) ? `${tube} ${++this.keys}` : null;
    const headers: Record<string, string> = key === null ? {} : { "idempotency-key": key };
    const path = `/v1/tubes/${tube}/jobs`;
    const query = `?priority=${pri}&delay=${delay}&ttr=${ttr}`;
    const request: HttpRequest = this.random.chance(0.3)
      ? {
        method: "POST",
        path,
        headers,
        json: { base64: btoa(body), priority: pri, delay, ttr },
      }
      : { method: "POST", path: path + query, headers, bytes: body };
    return { command: { verb: "put", pri, delay, ttr, body }, key, request };
  }

  answered(put: Put, id: number): void {
    if (put.key === null) return;
    this.kept.push({ put, id });
    if (this.kept.length > KEPT) this.kept.shift();
  }

  /** A key that was answered before: mostly the same put, sometimes another one. */
  again(): { readonly request: HttpRequest; readonly status: number; readonly id: number } {
    const { put, id } = this.random.pick(this.kept);
    if (this.random.chance(0.7)) return { request: put.request, status: 201, id };
    const { method, path, headers } = put.request;
    return {
      request: { method, path: path.replace(/\?.*/, ""), headers, bytes: "another" },
      status: 422,
      id,
    };
  }

  /** Keys are remembered in memory: a server that was started again knows none. */
  forget(): void {
    this.kept.length = 0;
  }
}
