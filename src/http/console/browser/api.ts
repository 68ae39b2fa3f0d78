/// <reference lib="dom" />
// Talks to the JSON API. What goes wrong becomes an ApiError with a sentence that can be shown.

/** After this long without an answer a request is given up, in milliseconds; changes may take their time. */
const PATIENCE_MS = 15_000;
const PATIENCE_WITH_CHANGES_MS = 120_000;

export class ApiError extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  /** What of the request was wrong. */
  readonly field: string | null;

  constructor(status: number, message: string, field: string | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.field = field;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Api {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>;
  send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** What must stand beside each change when a cookie says who asks. */
  csrf: string | null;
}

/** `onDenied` is told when the server wants to know who asks. */
export function createApi(onDenied: () => void): Api {
  const ask = async <T>(path: string, options: RequestInit, signal?: AbortSignal): Promise<T> => {
    const patience = AbortSignal.timeout(options.method === "GET" ? PATIENCE_MS : PATIENCE_WITH_CHANGES_MS);
    let response: Response;
    try {
      response = await fetch(path, {
        ...options,
        credentials: "same-origin",
        signal: signal ? AbortSignal.any([signal, patience]) : patience,
      });
      if (response.ok) return response.status === 204 ? undefined as T : await response.json() as T;
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, patience.aborted ? "timeout" : "unreachable");
    }
    const problem = await response.json().catch(() => null) as {
      detail?: string;
      title?: string;
      field?: string;
    } | null;
    if (response.status === 401) onDenied();
    const said = problem?.detail ?? problem?.title ?? `${response.status} ${response.statusText}`;
    throw new ApiError(response.status, said, problem?.field ?? null);
  };
  const api: Api = {
    csrf: null,
    get: (path, query = {}, signal) => ask(`${path}${queryText(query)}`, { method: "GET" }, signal),
    send: (method, path, body) => {
      const headers: Record<string, string> = {};
      if (body !== undefined) headers["content-type"] = "application/json";
      if (api.csrf !== null) headers["x-csrf-token"] = api.csrf;
      return ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    },
  };
  return api;
}

/** `?a=1&b=2`, without what is empty. */
export function queryText(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    search.set(name, value === true ? "1" : String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

/** The path of a tube in the API. */
export function tubePath(name: string): string {
  return `/v1/tubes/${encodeURIComponent(name)}`;
}
