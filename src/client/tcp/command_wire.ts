// The connection for commands: made again by itself when it breaks, for as long as the client is open, so that an outage and
// its end are known whether or not anybody asks for anything.

import { abortable } from "../abortable.ts";
import type { ClientEvent } from "../client_event.ts";
import { DisconnectedError } from "../errors.ts";
import type { Dialler } from "./dialler.ts";
import { OneReply } from "./receptions.ts";
import type { Wire } from "./wire.ts";

export class CommandWire {
  private readonly dialler: Dialler;
  private readonly tell: (event: ClientEvent) => void;
  private wire: Wire | null = null;
  private connecting: Promise<Wire> | null = null;
  /** Why the last attempt failed. */
  private lastError: DisconnectedError | null = null;
  private brokeAt = 0;
  private isProbing = false;

  constructor(dialler: Dialler, tell: (event: ClientEvent) => void) {
    this.dialler = dialler;
    this.tell = tell;
  }

  /** The connection, or null when there is none just now. */
  get current(): Wire | null {
    return this.wire;
  }

  /** Opens it: one attempt. */
  async open(): Promise<void> {
    this.use(await this.dialler.connect());
  }

  /** Waits for the connection up to the reply timeout. */
  connected(signal?: AbortSignal): Promise<Wire> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { wire } = this;
    if (wire !== null) return Promise.resolve(wire);
    return abortable(this.patiently(this.reconnect()), signal);
  }

  /**
   * Finds out whether the server still answers, when there are signs that it does not: a server that went without a word is
   * noticed by its silence only.
   */
  probe(): void {
    const { wire } = this;
    if (wire === null || this.isProbing) return;
    this.isProbing = true;
    const reception = new OneReply("list-tube-used");
    wire.send("list-tube-used", null, reception, this.dialler.replyTimeoutMs);
    void reception.reply.then(() => {}, () => {}).finally(() => this.isProbing = false);
  }

  /** A command's share of an outage: other commands and the attempts go on. */
  private async patiently(connecting: Promise<Wire>): Promise<Wire> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.lastError ?? this.dialler.unreachable("no answer")),
        this.dialler.replyTimeoutMs,
      );
    });
    try {
      return await Promise.race([connecting, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private reconnect(): Promise<Wire> {
    if (this.connecting === null) {
      this.connecting = this.attempts().finally(() => this.connecting = null);
      this.connecting.catch(() => {}); // there may be no command that waits
    }
    return this.connecting;
  }

  /** Rejects only with what another attempt would not change: the client was closed, or the server refuses it. */
  private async attempts(): Promise<Wire> {
    for (let attempt = 0;; attempt++) {
      try {
        return this.use(await this.dialler.connect());
      } catch (error) {
        if (!(error instanceof DisconnectedError)) throw error;
        this.lastError = error;
      }
      await this.dialler.pause(attempt);
    }
  }

  private use(wire: Wire): Wire {
    const { onEnd } = wire;
    wire.onEnd = (error) => {
      onEnd(error);
      this.broke(error);
    };
    this.wire = wire;
    this.lastError = null;
    if (this.brokeAt > 0) {
      this.tell({ kind: "reconnected", outageMs: performance.now() - this.brokeAt });
      this.brokeAt = 0;
    }
    return wire;
  }

  private broke(error: DisconnectedError): void {
    this.wire = null;
    if (this.dialler.isClosed) return;
    this.lastError = error.mayHaveRun ? new DisconnectedError(error.reason, false) : error;
    this.brokeAt = performance.now();
    this.tell({ kind: "disconnected", error: this.lastError });
    void this.reconnect();
  }
}
