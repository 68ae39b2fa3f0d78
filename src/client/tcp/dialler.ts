// Gets connections, and waits between attempts that fail: 50 ms, then twice as long each time up to 2 s, with jitter, so
// that clients of a server that comes back do not all come at once.

import type { Dial } from "../../ports/dial.ts";
import { describeAddress } from "../../ports/transport.ts";
import type { Address } from "../../ports/transport.ts";
import { abortable } from "../abortable.ts";
import { DisconnectedError, refusal } from "../errors.ts";
import { closedError } from "../lanes.ts";
import { explained } from "../permission.ts";
import { OneReply } from "./receptions.ts";
import { Wire } from "./wire.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

export class Dialler {
  readonly replyTimeoutMs: number;
  private readonly dial: Dial;
  private readonly address: Address;
  private readonly token: string | null;
  private readonly closing = new AbortController();
  private readonly wires = new Set<Wire>();

  /** `token`: what each connection says first. */
  constructor(dial: Dial, address: Address, replyTimeoutMs: number, token: string | null = null) {
    this.dial = dial;
    this.address = address;
    this.token = token;
    this.replyTimeoutMs = replyTimeoutMs;
  }

  get isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  /** One attempt. Rejects with a DisconnectedError when there is no connection within the reply timeout. */
  async connect(signal?: AbortSignal): Promise<Wire> {
    if (this.isClosed) throw closedError();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(this.unreachable("no answer")), this.replyTimeoutMs);
    let wire: Wire | null = null;
    try {
      await this.dial(
        this.address,
        (transport) => wire = new Wire(transport),
        this.anyOf(late.signal, signal),
      );
    } catch (error) {
      if (signal?.aborted || this.isClosed || error instanceof DisconnectedError) throw error;
      const known = explained(`connecting to ${describeAddress(this.address)}`, error);
      throw known === error ? this.unreachable((error as Error).message) : known;
    } finally {
      clearTimeout(timer);
    }
    const connected = wire! as Wire;
    if (this.isClosed) connected.close("the client is closed");
    if (connected.hasEnded) throw this.unreachable("the connection broke at once");
    this.wires.add(connected);
    connected.onEnd = () => this.wires.delete(connected);
    if (this.token !== null) await this.login(connected, this.token);
    return connected;
  }

  /** Rejects with what the server says to the token; its word alone, since the token is nobody's business. */
  private async login(wire: Wire, token: string): Promise<void> {
    const reception = new OneReply("auth");
    wire.send(`auth ${token}`, null, reception, this.replyTimeoutMs);
    const { word } = await reception.reply;
    if (word === "AUTHENTICATED") return;
    wire.close("the token was refused");
    throw refusal(word, "auth");
  }

  /** Waits before another attempt, the `attempt`-th from 0 on. Rejects when the client is closed. */
  pause(attempt: number, signal?: AbortSignal): Promise<void> {
    const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
    let timer: ReturnType<typeof setTimeout>;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, most / 2 + Math.random() * most / 2);
    });
    return abortable(over, this.anyOf(signal)).finally(() => clearTimeout(timer));
  }

  /** Ends all connections, and every attempt. */
  close(): void {
    this.closing.abort(closedError());
    for (const wire of this.wires) wire.close("the client is closed");
  }

  private anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
    return AbortSignal.any([this.closing.signal, ...signals.filter((signal) => signal !== undefined)]);
  }

  unreachable(reason: string): DisconnectedError {
    return new DisconnectedError(`cannot reach ${describeAddress(this.address)}: ${reason}`, false);
  }
}
