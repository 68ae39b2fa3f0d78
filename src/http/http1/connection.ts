// One HTTP connection: a request is read, answered, and its answer taken by the peer before the next one is looked at.
//
// Invariants: at most one request is under way; unread input is bounded, whoever sends it; every state but "being answered"
// has a deadline that arriving bytes do not move; nothing that a peer sends throws out of here.

import type { Env } from "../app.ts";
import { internalError, Problem } from "../problem.ts";
import type { AcceptSocket } from "../route.ts";
import { acceptKeyOf, switchingAnswer } from "../websocket/handshake.ts";
import { WebSocketConnection } from "../websocket/web_socket.ts";
import { AnswerWriter } from "./answer_writer.ts";
import { BodyReader } from "./body_reader.ts";
import { Input } from "./input.ts";
import { MAX_HEAD_BYTES, MAX_HEADERS, MAX_INPUT_BYTES } from "./limits.ts";
import { readHead, type RequestHead } from "./request_head.ts";
import { HttpSocket, type RawSocket, type SocketEvents } from "./socket.ts";
import type { ConnectionOwner } from "./owner.ts";

/** What a connection is doing. */
export type ConnectionState = "new" | "idle" | "head" | "request" | "linger" | "socket" | "closed";

export class HttpConnection implements SocketEvents {
  /** When {@link expire} is due, in milliseconds of the owner's clock; Infinity where nothing limits the time. */
  deadline = Infinity;
  readonly socket: HttpSocket;
  readonly #owner: ConnectionOwner;
  readonly #input = new Input();
  readonly #writer: AnswerWriter;
  #state: ConnectionState = "new";
  #hasEnded = false;
  #body: BodyReader | null = null;
  #gone: AbortController | null = null;

  constructor(raw: RawSocket, owner: ConnectionOwner) {
    this.#owner = owner;
    this.deadline = owner.now() + owner.limits.headMs;
    this.socket = new HttpSocket(raw, this);
    this.#writer = new AnswerWriter(this.socket, owner, (deadline) => void (this.deadline = deadline));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Bytes of an answer that the peer has not taken. */
  get unsent(): number {
    return this.#writer.unsent;
  }

  /** Whether a request has been read that has no answer yet: not even one whose first bytes count as unsent. */
  get isUnanswered(): boolean {
    return this.#state === "request" && !this.#writer.hasBegun;
  }

  // From the socket.

  received(chunk: Uint8Array): void {
    if (this.#state === "linger" || this.#state === "closed") return; // thrown away: the last answer is on its way
    this.#input.append(chunk);
    if (this.#state === "request") this.#body?.arrived();
    else this.#readHead();
    this.#bound();
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#state === "linger" && this.socket.unsent > 0) return; // it may still read the last answer
    if (this.#state === "idle" && this.#input.length > 0) return; // pipelined requests are still answered
    if (this.#state !== "request") return this.socket.destroy();
    this.#body?.ended();
    this.#gone?.abort(); // who waits for an answer at leisure is gone; one that comes at once is still sent
  }

  closed(): void {
    this.#state = "closed";
    this.deadline = Infinity;
    this.#input.clear();
    this.#body?.ended();
    this.#gone?.abort();
    this.#owner.closed(this);
  }

  // From the owner.

  /** The deadline has passed. */
  expire(): void {
    if (this.#state === "head") {
      this.#owner.counts.headTimeouts++;
      this.#owner.report("http-timeout", this.socket.peer);
      return this.#refuse(408, `the head did not come within ${this.#owner.limits.headMs / 1000} seconds`);
    }
    if (this.#state === "new" || this.#state === "idle") this.#owner.counts.idleTimeouts++;
    else if (this.#state === "request") {
      this.#owner.counts.stalled++;
      this.#owner.report("http-timeout", this.socket.peer);
    }
    this.socket.destroy();
  }

  /** Answers without having read a request, and closes. */
  turnAway(status: number, detail: string): void {
    this.#refuse(status, detail);
  }

  // Within.

  #enter(state: ConnectionState, ms: number): void {
    this.#state = state;
    this.deadline = this.#owner.now() + ms;
    this.#owner.entered(this, state);
  }

  /** Reads the next head as far as it is there. */
  #readHead(): void {
    if (this.#state === "new" || this.#state === "idle") {
      this.#input.skipEmptyLines();
      if (this.#input.length === 0) return;
      this.#enter("head", this.#owner.limits.headMs);
    }
    const text = this.#input.takeHead();
    if ((text?.length ?? this.#input.length) > MAX_HEAD_BYTES) {
      return this.#malformed(431, `the head is larger than ${MAX_HEAD_BYTES} bytes`);
    }
    if (text === null) return;
    const head = readHead(text, MAX_HEADERS);
    if (head.kind === "fault") return this.#malformed(head.status, head.detail);
    this.#writer.expect();
    this.#enter("request", Infinity);
    const body = new BodyReader(head, this.#input, this.socket, this.#owner);
    this.#serve(head, body).catch((error: unknown) => {
      this.#owner.failed(error); // a fault of this program: said once, and only this connection ends
      this.socket.destroy();
    }).finally(() => body.release()); // also when the connection ended meanwhile
  }

  async #serve(head: RequestHead, body: BodyReader): Promise<void> {
    const { socket } = this;
    this.#body = body;
    const gone = new AbortController();
    this.#gone = gone;
    if (this.#hasEnded) {
      body.ended();
      gone.abort();
    }
    let accepted: AcceptSocket | null = null;
    let answer: Response;
    try {
      const request = body.request();
      const env: Env = {
        peer: socket.peer,
        get signal() {
          return gone.signal;
        },
        upgrade(accept) {
          if (acceptKeyOf(head) === null) return null;
          accepted = accept;
          return new Response(null);
        },
      };
      answer = await this.#owner.answer(request, env);
    } catch (error) {
      this.#owner.failed(error);
      accepted = null;
      answer = internalError({ connection: "close" });
    }
    if (this.#state === "closed") return void answer.body?.cancel().catch(() => {});
    if (accepted !== null) return this.#switch(head, accepted);
    const mayGoOn = head.isKeptAlive && body.canBeSkipped;
    const isKept = await this.#writer.write(answer, head, mayGoOn);
    if (this.#isOver()) return;
    if (!isKept || !await this.#skipBody(body)) return this.#linger();
    if (this.#hasEnded && this.#input.length === 0) return this.#linger();
    body.release();
    this.#body = this.#gone = null;
    this.#enter("idle", this.#owner.limits.idleMs);
    // In a turn of its own: a pipeline must not keep the event loop from everybody else.
    if (this.#input.length > 0) setTimeout(() => this.#goOn(), 0);
    this.#bound();
  }

  #goOn(): void {
    if (this.#state !== "idle") return;
    this.#readHead();
    if (this.#hasEnded && this.#isUnfinished()) return this.socket.destroy();
    this.#bound();
  }

  /** Whether more bytes are needed before anything happens. */
  #isUnfinished(): boolean {
    return this.#state === "head" || this.#state === "idle";
  }

  #isOver(): boolean {
    return this.#state === "closed";
  }

  /** Reads what is left of a body that the route did not want; false when the connection cannot go on. */
  async #skipBody(body: BodyReader): Promise<boolean> {
    if (body.isDone) return true;
    this.deadline = this.#owner.now() + this.#owner.limits.headMs;
    const isSkipped = await body.skip();
    this.deadline = Infinity;
    return isSkipped && !this.#isOver();
  }

  #switch(head: RequestHead, accept: AcceptSocket): void {
    this.#enter("socket", Infinity);
    this.#body?.release();
    this.#body = null;
    this.socket.write(switchingAnswer(acceptKeyOf(head)!));
    const early = this.#input.take(this.#input.length);
    const web = new WebSocketConnection(this.socket, this.#owner.limits.lingerMs, {
      refused: () => {
        this.#owner.counts.webSocketsEnded++;
        this.#owner.report("websocket", this.socket.peer);
      },
      over: () => this.closed(),
    });
    this.socket.passTo(web);
    web.open(accept, early);
    this.socket.resume();
  }

  #malformed(status: number, detail: string): void {
    this.#owner.counts.malformed++;
    this.#owner.report("http-bad-request", this.socket.peer);
    this.#refuse(status, detail);
  }

  /** An answer to what is no request that can be served; the connection ends with it. */
  #refuse(status: number, detail: string): void {
    this.#writer.writeLast(new Problem(status, detail), this.#owner.dress);
    this.#linger();
  }

  /** Lets the peer read the last answer: closing at once would reset the connection while it still sends. */
  #linger(): void {
    if (this.#state === "closed") return;
    this.#enter("linger", this.#owner.limits.lingerMs);
    this.#body?.release();
    this.#body = null;
    this.#gone?.abort();
    this.#input.clear();
    this.socket.end();
    this.socket.resume();
  }

  /** Reads on only while there is room. */
  #bound(): void {
    if (this.#state === "linger" || this.#state === "socket" || this.#state === "closed") return;
    if (this.#input.length >= MAX_INPUT_BYTES && this.#state !== "head") this.socket.pause();
    else this.socket.resume();
  }
}
