// The queue in this process: the engine and the server's turns without a socket, until listen() opens one.

import { setImmediate } from "node:timers";
import { areReservesFull } from "../adapters/node/descriptor_reserve.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import { functionOf, portOf, wholeNumber } from "../client/arguments.ts";
import { BaseQueue } from "../client/base_queue.ts";
import { QueueError } from "../client/errors.ts";
import { tell } from "../client/hooks.ts";
import { permitted } from "../client/permission.ts";
import { DEFAULT_MAX_JOB_BYTES, MAX_JOB_BYTES_CAP } from "../core/limits.ts";
import { type Address, describeAddress, type Listener } from "../ports/transport.ts";
import { mustBeAllowedSockets } from "../runtime/permission.ts";
import { listen, openAfterInput } from "../runtime/runtime.ts";
import type { AfterInput } from "../runtime/runtime.ts";
import type { Server } from "../server/server.ts";
import { assemble } from "./assemble.ts";
import { LocalBackend } from "./local_backend.ts";
import type { Store } from "./store.ts";

/** How a queue is opened. */
export interface QueueOptions {
  /** Where its jobs are kept. Default: in memory only, so that they are gone with the process. */
  readonly store?: Store;
  /** Largest body in bytes, 0 to 1 GiB. Default 65,535. Larger ones are refused with JOB_TOO_BIG. */
  readonly maxJobBytes?: number;
  /** Puts, tubes and reserves beyond this many bytes are refused with OUT_OF_MEMORY. 0 to 2^53 - 1. Default: no limit. */
  readonly maxMemoryBytes?: number;
  /**
   * Called once when the store has failed. The queue has stopped, and what waited for the store rejects with JOURNAL_FAILED.
   * What it throws or rejects with is printed on the standard error and changes nothing.
   */
  readonly onFailed?: (error: Error) => unknown;
}

/** Where a queue listens. */
export interface ListenOptions {
  /** 0 to 65,535; 0 takes a free one. Default 11300. */
  readonly port?: number;
  /** Default 127.0.0.1: the protocol has no passwords. */
  readonly host?: string;
  /** The path of a Unix socket, instead of host and port. */
  readonly path?: string;
}

/** An open port of a queue. */
export interface Listening extends AsyncDisposable {
  /** The port it really has; 0 for a Unix socket. */
  readonly port: number;
  /** Accepts no more; connections that are there go on. */
  close(): void;
}

/**
 * A queue in this process. It is the server's engine without a socket: the same order, the same deadlines, the same log.
 *
 * @example
 * ```ts
 * import { Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const tube = queue.tube("greetings");
 * await tube.put("hello");
 * const job = await tube.reserve();
 * console.log(job?.text()); // hello
 * await job?.delete();
 * ```
 */
export class Queue extends BaseQueue {
  readonly #server: Server;
  readonly #ports: Ports;
  readonly #clock: QueueClock;

  private constructor(server: Server, clock: QueueClock, ports: Ports, isKept: boolean) {
    const stop = (): Promise<void> => {
      ports.close();
      return server.end().finally(() => clock.close()); // a journal that takes its time needs the clock meanwhile
    };
    super(new LocalBackend(server, isKept, stop));
    this.#server = server;
    this.#clock = clock;
    this.#ports = ports;
  }

  /**
   * Opens a queue, with what its store brings back. Rejects when the store cannot be opened: with a LogProblem, or with a
   * PermissionError when the runtime does not allow it.
   *
   * @example
   * ```ts
   * import { binlog, Queue } from "@runnerbean/runnerbean";
   *
   * await using queue = await Queue.open({ store: binlog("./jobs"), maxJobBytes: 1_000_000 });
   * ```
   */
  static async open(options: QueueOptions = {}): Promise<Queue> {
    const { store, maxMemoryBytes, maxJobBytes = DEFAULT_MAX_JOB_BYTES, onFailed } = options;
    wholeNumber("maxJobBytes", maxJobBytes, 0, MAX_JOB_BYTES_CAP);
    if (maxMemoryBytes !== undefined) {
      wholeNumber("maxMemoryBytes", maxMemoryBytes, 0, Number.MAX_SAFE_INTEGER);
    }
    functionOf("store", store);
    functionOf("onFailed", onFailed);
    const clock = new QueueClock();
    const ports = new Ports();
    const server = await assemble({
      clock,
      hasDescriptors: areReservesFull,
      maxJobBytes,
      maxMemoryBytes,
      openJournal: store && ((engine, now) => permitted("opening the store", () => store(engine, now))),
      onFailed: (error) => {
        ports.close();
        tell("onFailed", onFailed, error);
      },
    });
    return new Queue(server, clock, ports, store !== undefined);
  }

  /**
   * Opens a TCP port or Unix socket of this queue, so that other processes join with any beanstalkd client. Rejects when
   * the address cannot be had, with a PermissionError when the runtime does not allow it, or with CLOSED when the queue is
   * closed meanwhile. It is closed with the queue.
   *
   * @example
   * ```ts
   * import { Queue } from "@runnerbean/runnerbean";
   * import { connect } from "@runnerbean/runnerbean/client";
   *
   * await using queue = await Queue.open();
   * const { port } = await queue.listen({ port: 0 });
   * await using other = await connect({ port });
   * await other.tube("t").put("from another process");
   * console.log((await queue.tube("t").reserve())?.text());
   * ```
   */
  async listen(options: ListenOptions = {}): Promise<Listening> {
    const { port = 11300, host = "127.0.0.1", path } = options;
    if (path === undefined) portOf(port, 0);
    const address: Address = path === undefined ? { kind: "tcp", host, port } : { kind: "unix", path };
    this.#ports.mustBeOpen();
    const listener = await permitted(`listening at ${describeAddress(address)}`, async () => {
      mustBeAllowedSockets();
      await this.#clock.prepareForSockets();
      return await listen(address, this.#server.accept, this.#server.refusals);
    });
    this.#ports.add(listener);
    const close = (): void => this.#ports.drop(listener);
    return {
      port: listener.address.kind === "tcp" ? listener.address.port : 0,
      close,
      [Symbol.asyncDispose]: () => Promise.resolve(close()),
    };
  }
}

/** The listeners of a queue. None is left open when the queue is over, however late it was opened. */
class Ports {
  readonly #listeners = new Set<Listener>();
  #isClosed = false;

  mustBeOpen(): void {
    if (this.#isClosed) throw new QueueError("CLOSED", "the queue is closed");
  }

  add(listener: Listener): void {
    if (this.#isClosed) listener.close();
    this.mustBeOpen();
    this.#listeners.add(listener);
  }

  drop(listener: Listener): void {
    if (this.#listeners.delete(listener)) listener.close();
  }

  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
  }
}

/** The clock of a queue: it lets input through in the runtime's own way, once there may be any. */
class QueueClock extends SystemClock {
  readonly #later: { afterInput: (callback: () => void) => void };
  #opening: Promise<AfterInput | undefined> | null = null;

  constructor() {
    const later = { afterInput: (callback: () => void): void => void setImmediate(callback) };
    super((callback) => later.afterInput(callback));
    this.#later = later;
  }

  async prepareForSockets(): Promise<void> {
    const opening = this.#opening ??= openAfterInput();
    let afterInput: AfterInput | undefined;
    try {
      afterInput = await opening;
    } catch (error) {
      this.#opening = null; // another attempt may do, and nobody waits for this one any more
      throw error;
    }
    if (afterInput !== undefined) this.#later.afterInput = afterInput;
  }

  close(): void {
    void this.#opening?.then((afterInput) => afterInput?.close());
  }
}
