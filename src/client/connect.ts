// The client of a server: the face over TCP.

import { describeAddress } from "../ports/transport.ts";
import type { Address } from "../ports/transport.ts";
import type { DialTls } from "../ports/dial.ts";
import { dial, dialTls } from "../runtime/dial.ts";
import { functionOf, portOf, wholeNumber } from "./arguments.ts";
import { BaseQueue } from "./base_queue.ts";
import type { ClientEvent } from "./client_event.ts";
import { QueueError } from "./errors.ts";
import { tell } from "./hooks.ts";
import { Dialler } from "./tcp/dialler.ts";
import { TcpBackend } from "./tcp/tcp_backend.ts";

/** Which server, and how patient to be with it. */
export interface ConnectOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 1 to 65,535. Default 11300. */
  readonly port?: number;
  /** The path of a Unix socket, instead of host and port. */
  readonly path?: string;
  /** Says who this is, on each connection. Never part of an error's message. */
  readonly token?: string;
  /** Speaks TLS: `true`, or with what differs from the defaults. */
  readonly tls?: boolean | DialTls;
  /**
   * A server that owes a reply and is silent for so many milliseconds counts as gone; a command waits as long for a
   * connection. 1 to 2,147,483. Default 10,000.
   */
  readonly replyTimeoutMs?: number;
  /** A reserve that waits is renewed every so many seconds, to see whether the server is still there. 1 to 86,400. Default 15. */
  readonly heartbeatSeconds?: number;
  /**
   * Told when the connection for commands breaks and when there is one again. What it throws or rejects with is printed on
   * the standard error and changes nothing.
   */
  readonly onEvent?: (event: ClientEvent) => unknown;
}

/**
 * A queue that a server has. Safe for concurrent use; it connects again by itself for as long as it is open.
 *
 * @example
 * ```ts
 * import { type Client, connect } from "@runnerbean/runnerbean/client";
 *
 * await using queue: Client = await connect({ port: 11300 });
 * console.log(queue.address, await queue.tubes());
 * ```
 */
export class Client extends BaseQueue {
  /** Where the server is, as a person reads it. */
  readonly address: string;
  readonly #backend: TcpBackend;

  private constructor(backend: TcpBackend, address: Address) {
    super(backend);
    this.#backend = backend;
    this.address = describeAddress(address);
  }

  /**
   * Whether there is a connection for commands now. A server that went without a word counts as there until it owes a reply
   * for `replyTimeoutMs`.
   */
  get isConnected(): boolean {
    return this.#backend.isConnected;
  }

  /** What {@link connect} does. */
  static async connect(options: ConnectOptions = {}): Promise<Client> {
    const { host = "127.0.0.1", port = 11300, path, replyTimeoutMs = 10_000, heartbeatSeconds = 15 } =
      options;
    const { token = null, tls = false } = options;
    if (token !== null && !/^[\x21-\x7e]{1,200}$/.test(token)) {
      throw new QueueError("BAD_FORMAT", "token: 1 to 200 characters of ASCII without spaces are needed");
    }
    const onEvent = functionOf("onEvent", options.onEvent);
    if (path === undefined) portOf(port, 1);
    wholeNumber("replyTimeoutMs", replyTimeoutMs, 1, 2_147_483);
    wholeNumber("heartbeatSeconds", heartbeatSeconds, 1, 86_400);
    const address: Address = path === undefined ? { kind: "tcp", host, port } : { kind: "unix", path };
    const open = tls === false ? dial : dialTls(tls === true ? {} : tls);
    const backend = new TcpBackend(
      new Dialler(open, address, replyTimeoutMs, token),
      heartbeatSeconds,
      (event) => tell("onEvent", onEvent, event),
    );
    await backend.open();
    return new Client(backend, address);
  }
}

/**
 * Connects to Runnerbean or beanstalkd. Rejects with a DisconnectedError when it cannot be reached now, with a PermissionError
 * when the runtime does not allow it; once connected, it reconnects by itself.
 *
 * @example
 * ```ts
 * import { connect } from "@runnerbean/runnerbean/client";
 *
 * await using queue = await connect({ host: "127.0.0.1", port: 11300 });
 * await queue.tube("thumbnails").put("cat.png", { ttr: 120 });
 * ```
 */
export function connect(options: ConnectOptions = {}): Promise<Client> {
  return Client.connect(options);
}
