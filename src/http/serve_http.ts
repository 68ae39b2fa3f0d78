// The HTTP port of a server: it is open before the jobs are back, and says how far they are until then.

import { setImmediate } from "node:timers";
import type { RefusalReporter } from "../ports/refusals.ts";
import type { Gate as ServerGate } from "../server/gate.ts";
import type { Server } from "../server/server.ts";
import { runtimeName } from "../runtime/runtime.ts";
import type { App } from "./app.ts";
import { createApp } from "./app.ts";
import type { Env } from "./app.ts";
import { Audit } from "./audit.ts";
import type { ListenSecure } from "./http1/answer.ts";
import { HttpServer } from "./http1/http_server.ts";
import { HTTP_LIMITS, type HttpLimits } from "./http1/limits.ts";
import { type HttpListener, listenHttp } from "./http1/listen.ts";
import type { HttpCounts } from "./http1/owner.ts";
import { dress } from "./access/answer_headers.ts";
import { HttpGate } from "./access/http_gate.ts";
import { Origins } from "./access/origins.ts";
import { asGet, withoutBody } from "./head.ts";
import { LocalSource } from "./local/local_source.ts";
import { Pace } from "./local/pace.ts";
import { type ObservedServer, observeServer } from "./observe_server.ts";
import { Problem } from "./problem.ts";
import { PutMemory } from "./put_memory.ts";
import { RateLimitedLog } from "./rate_limited_log.ts";
import type { Route } from "./route.ts";
import { sessionRoutes } from "./routes/session.ts";
import type { Source } from "./source.ts";

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the audit log is written; null keeps the last entries in memory only. */
  readonly auditFile: string | null;
  readonly warn: (line: string) => void;
  /** Who may do what; null: everybody everything. */
  readonly gate?: ServerGate | null;
  /** Where what it refuses is counted. Default: with the server, once there is one. */
  readonly refusals?: RefusalReporter;
  /** TLS, if it is wanted. */
  readonly secure?: ListenSecure | null;
  /** Origins of pages that may use the API with a token. */
  readonly cors?: readonly string[];
  /** Names of this server, beside addresses and localhost. */
  readonly names?: readonly string[];
  /** Which tubes /metrics tells of by name, with `*` and `?`. Default: `*`. */
  readonly metricsTubes?: string;
  /** Most open connections, WebSockets included; each takes a descriptor. Default: 1024. */
  readonly maxConnections?: number;
  /** Whether a connection that was accepted may keep its descriptor; it is closed if not, and this is called again. Default: yes. */
  readonly hasDescriptors?: () => boolean;
  /** Other limits, for tests. */
  readonly limits?: Partial<HttpLimits>;
  /** Calls back when the runtime has looked for input; nobody else may use it. Default: setImmediate. */
  readonly afterInput?: (callback: () => void) => void;
}

/** How long a stop waits for requests that have no answer yet, how often it checks, and how long it lets answers leave; in milliseconds. */
const ANSWER_GRACE_MS = 1000;
const CHECK_MS = 10;
const SEND_GRACE_MS = 250;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What others add to the app of a server. */
export interface HttpParts {
  readonly more?: readonly Route[];
}

/** Handshakes of TLS that may be under way at once. */
const MOST_HANDSHAKES = 256;

/** What requests find: the app, or how much of the jobs is back. */
interface Door {
  app: App | null;
  /** The server stops: nothing more is begun. */
  isLeaving: boolean;
  readonly origins: Origins;
  readonly gate: HttpGate | null;
  refusals: RefusalReporter | null;
  readonly log: RateLimitedLog;
  percent: number;
}

export class HttpPort {
  readonly port: number;
  readonly #listener: HttpListener;
  readonly #server: HttpServer;
  readonly #pace: Pace;
  readonly #audit: Audit;
  readonly #door: Door;
  readonly #metricsTubes: string;
  #source: Source | null = null;
  #observed: ObservedServer | null = null;

  private constructor(
    listener: HttpListener,
    server: HttpServer,
    options: HttpOptions,
    audit: Audit,
    door: Door,
  ) {
    this.port = listener.port;
    this.#listener = listener;
    this.#server = server;
    this.#pace = new Pace(options.afterInput ?? ((callback): void => void setImmediate(callback)));
    this.#audit = audit;
    this.#door = door;
    this.#metricsTubes = options.metricsTubes ?? "*";
  }

  /** Opens the port; until begin() only /healthz and /readyz are served. Rejects when the port or the audit file cannot be had. */
  static async open(options: HttpOptions): Promise<HttpPort> {
    const audit = await Audit.open(options.auditFile, options.warn);
    const { host, port, gate = null, secure = null, cors = [], names = [] } = options;
    // With access control a name that leads here by another's will brings nothing: the browser has no token for it.
    const origins = new Origins({ cors, names: gate === null ? [host, ...names] : null });
    const httpGate = gate === null ? null : new HttpGate(gate, origins, secure !== null);
    const log = new RateLimitedLog(options.warn);
    const door: Door = {
      app: null,
      isLeaving: false,
      origins,
      gate: httpGate,
      refusals: options.refusals ?? null,
      log,
      percent: 0,
    };
    const { maxConnections: connections = HTTP_LIMITS.connections } = options;
    // Each unfinished handshake takes a descriptor as well.
    const handshakes = secure === null ? 0 : Math.min(MOST_HANDSHAKES, Math.floor(connections / 2));
    const httpServer = new HttpServer(
      (request, env) => answerAt(door, request, env),
      (response) => dress(response, null),
      { ...HTTP_LIMITS, connections: connections - handshakes, ...options.limits },
      (reason, peer) => door.refusals?.refused(reason, peer),
      log,
      options.hasDescriptors,
    );
    const listener = await listenHttp(httpServer, host, port, secure, handshakes);
    return new HttpPort(listener, httpServer, options, audit, door);
  }

  /** Open connections, and the most there may be. */
  get connections(): { readonly open: number; readonly most: number } {
    return { open: this.#server.size, most: this.#server.limits.connections };
  }

  /** What was refused or ended since the start. */
  get counts(): Readonly<HttpCounts> {
    return this.#server.counts;
  }

  /** How much of the jobs is back. */
  recovered(bytes: number, total: number): void {
    this.#door.percent = total === 0 ? 100 : Math.floor((1000 * bytes) / total) / 10;
  }

  /** Lets requests in while the jobs come back. */
  rest(): Promise<void> {
    return this.#pace.rest();
  }

  /** Serves the server of this process, and watches it. */
  begin(server: Server, { more = [] }: HttpParts = {}): void {
    const runtime = runtimeName();
    this.#door.refusals ??= server.refusals;
    const observed = observeServer(server, runtime, this.#metricsTubes, () => this.rest());
    this.#observed = observed;
    const source = new LocalSource({ server, pace: this.#pace, runtime, trends: observed.trends });
    this.show(source, server, { more: [...observed.routes, ...more] });
  }

  /** Serves a source, which is closed with the port; `server` is the one of this process, if it is the source. */
  show(source: Source, server: Server | null, { more = [] }: HttpParts = {}): void {
    this.#source = source;
    this.#door.app = createApp({
      source,
      server,
      audit: this.#audit,
      putMemory: new PutMemory(),
      gate: this.#door.gate,
      refusals: this.#door.refusals,
      log: this.#door.log,
      more: [...sessionRoutes(this.#door.gate), ...more],
    });
  }

  /** Refuses new requests. To be called before the server ends. */
  refuse(): void {
    this.#door.isLeaving = true;
  }

  /** Closes when all requests are answered, or after a second. To be called when the server has ended, so that all outcomes are known. */
  async finish(): Promise<void> {
    this.refuse();
    const giveUpAt = performance.now() + ANSWER_GRACE_MS;
    do await sleep(CHECK_MS); while (this.#server.unanswered > 0 && performance.now() < giveUpAt);
    const sentBy = performance.now() + SEND_GRACE_MS;
    do await sleep(CHECK_MS); while (this.#server.unsent.total > 0 && performance.now() < sentBy);
    await this.close();
  }

  /** Ends all connections. Resolves when the audit log is written. */
  close(): Promise<void> {
    this.#observed?.observing.stop();
    this.#source?.close();
    this.#listener.close();
    return this.#audit.close();
  }
}

/** Everything that is the same for every answer. */
async function answerAt(door: Door, request: Request, env: Env): Promise<Response> {
  const { origins, refusals } = door;
  const isHead = request.method === "HEAD";
  const response = origins.preflight(request) ?? refusal(origins, request, env, refusals) ??
    (isHead
      ? await withoutBody(await answerOf(door, asGet(request), env))
      : await answerOf(door, request, env));
  return dress(response, origins.allowance(request));
}

async function answerOf({ app, percent, isLeaving }: Door, request: Request, env: Env): Promise<Response> {
  if (isLeaving) return new Problem(503, "the server stops; nothing was done", { retryAfter: 1 }).response();
  return app === null ? answerBefore(request, percent) : await app.fetch(request, env);
}

function refusal(
  origins: Origins,
  request: Request,
  { peer }: Env,
  refusals: RefusalReporter | null,
): Response | null {
  try {
    origins.check(request);
    return null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    error.report(refusals, peer);
    return error.response();
  }
}

/** While the jobs come back. */
function answerBefore(request: Request, percent: number): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/healthz") return Response.json({ state: "alive" });
  const detail = `the jobs are coming back: ${percent} %`;
  return new Problem(503, detail, { retryAfter: 1, more: { state: "recovering", percent } }).response();
}
