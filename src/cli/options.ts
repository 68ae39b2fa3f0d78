// What the command line and the environment settle on: one plain, checked object that the rest of the program reads.
//
// Invariant: a value in here has been checked against what its flag takes; nothing after the parser looks at argv again.

import { DEFAULT_MAX_JOB_BYTES } from "../core/limits.ts";
import type { SyncPolicy } from "../journal/binlog.ts";

/** Where the server listens. */
export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** A further listener, and the identity that it gives to whoever connects. */
export interface ListenAs {
  readonly identity: string;
  readonly address: ListenAddress;
  /** Of a unix socket: who may connect, as file permissions. */
  readonly mode: number;
}

/** Where the HTTP API is served. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** Who reads and writes sockets: the runtime, or this program by epoll through the C library. */
export type Io = "native" | "epoll";

/** Everything a start can be told. Bytes are bytes, `ms` is milliseconds, null means "not given". */
export interface Options {
  /** `-l`, `-p`: TCP hosts with a port (0 = any free port), or paths after `unix:`. At least one. */
  readonly listen: readonly ListenAddress[];
  /** True when `-l` (or its variable) was given: socket activation says that it is ignored. */
  readonly listenGiven: boolean;
  /** True when `-p` (or its variable) was given: socket activation says that it is ignored. */
  readonly portGiven: boolean;
  /** `-b`: the folder of the binlog; null keeps the queue in memory. */
  readonly binlogDir: string | null;
  /** `--kv`: the path or URL of a Deno KV, instead of a binlog. */
  readonly kv: string | null;
  /** `-f` and `-F`, whichever came last; by default replies wait for the disk. */
  readonly sync: SyncPolicy;
  /** `-s`: the size of one binlog segment. */
  readonly segmentBytes: number;
  /** `-z`: the largest job body, at most MAX_JOB_BYTES_CAP of core/limits.ts. */
  readonly maxJobBytes: number;
  /** `-u`: the user to become once the socket is bound. */
  readonly user: string | null;
  /** `-V`: 0 is silent, 1 tells of connections, 2 and more of every command and reply. */
  readonly verbosity: number;
  /** `--max-connections`: open connections at once; null takes what the limit of open files leaves room for. */
  readonly maxConnections: number | null;
  /** `--max-memory`: puts, tubes, watches and connections that would go beyond this are refused; null sets no limit. */
  readonly maxMemoryBytes: number | null;
  /** `--drain-exit`: once draining (SIGUSR1), leave with exit code 0 when no job is left. */
  readonly drainExit: boolean;
  /** `--strict`: only the reference's commands and statistics. */
  readonly strict: boolean;
  /** `--io`: Linux may have epoll. */
  readonly io: Io;
  /** `--auth`: the file that says who may do what; null where everybody may do everything. */
  readonly authFile: string | null;
  /** `--listen-as`: listeners for clients that cannot log in. */
  readonly listenAs: readonly ListenAs[];
  /** `--tls-cert`, `--tls-key`, `--tls-client-ca`: PEM files. */
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly tlsClientCa: string | null;
  /** `--http`: where the HTTP API is served; null is nowhere. */
  readonly http: HttpAddress | null;
  /** `--cors`: origins whose pages may use the API. */
  readonly cors: readonly string[];
  /** `--http-name`: names of this server in a browser's address line, beside addresses and localhost. */
  readonly httpNames: readonly string[];
  /** `--audit`: the file that destructive acts over HTTP are written to; null keeps the last ones in memory. */
  readonly auditFile: string | null;
  /** `--metrics-tubes`: which tubes /metrics tells of by name. */
  readonly metricsTubes: string;
}

/** Loopback only, unlike the reference's 0.0.0.0: the protocol has no passwords, so the network is opened on request. */
export const DEFAULT_HOST = "127.0.0.1";
/** The port every client library tries first. */
export const DEFAULT_PORT = 11300;
/** The reference's default for `-s`: 10 MiB. */
export const DEFAULT_SEGMENT_BYTES = 10_485_760;

/** What a start without any flag or variable uses. */
export const DEFAULT_OPTIONS: Options = {
  listen: [{ kind: "tcp", host: DEFAULT_HOST, port: DEFAULT_PORT }],
  listenGiven: false,
  portGiven: false,
  binlogDir: null,
  kv: null,
  sync: { kind: "always" },
  segmentBytes: DEFAULT_SEGMENT_BYTES,
  maxJobBytes: DEFAULT_MAX_JOB_BYTES,
  user: null,
  verbosity: 0,
  maxConnections: null,
  maxMemoryBytes: null,
  drainExit: false,
  strict: false,
  io: "native",
  authFile: null,
  listenAs: [],
  tlsCert: null,
  tlsKey: null,
  tlsClientCa: null,
  http: null,
  cors: [],
  httpNames: [],
  auditFile: null,
  metricsTubes: "*",
};
