// The body of a request, as the stream that a route reads. It is read from the socket only when the route asks for it, so a
// body takes no memory before somebody wants it.

import { Buffer } from "node:buffer";
import { Problem } from "../problem.ts";
import { type BodyDecoder, type Decoded, decoderFor } from "./body_decoder.ts";
import type { Input } from "./input.ts";
import { MAX_SKIPPED_BYTES } from "./limits.ts";
import type { ConnectionOwner } from "./owner.ts";
import type { RequestHead } from "./request_head.ts";
import type { HttpSocket } from "./socket.ts";

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n", "latin1");

export class BodyReader {
  readonly #head: RequestHead;
  readonly #input: Input;
  readonly #socket: HttpSocket;
  readonly #owner: ConnectionOwner;
  readonly #decoder: BodyDecoder;
  /** Bytes handed out, which whoever reads them may still hold. */
  #counted = 0;
  #isDone = false;
  #isBroken = false;
  #hasEnded = false;
  #mustContinue: boolean;
  #wake: (() => void) | null = null;

  constructor(head: RequestHead, input: Input, socket: HttpSocket, owner: ConnectionOwner) {
    this.#head = head;
    this.#input = input;
    this.#socket = socket;
    this.#owner = owner;
    this.#decoder = decoderFor(head.body);
    this.#isDone = head.body.kind === "none";
    this.#mustContinue = head.expectsContinue;
  }

  /** Whether the whole body has been read. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether the next request can be found: the rest of the body is small, or may still be. */
  get canBeSkipped(): boolean {
    if (this.#isDone) return true;
    return !this.#isBroken && !this.#mustContinue && (this.#decoder.left ?? 0) <= MAX_SKIPPED_BYTES;
  }

  /** The request, with this body. */
  request(): Request {
    const { method, headers, target } = this.#head;
    const hasBody = !this.#isDone && !WITHOUT_BODY.test(method);
    const init: RequestInit & { duplex?: "half" } = { method, headers: headers as [string, string][] };
    if (hasBody) {
      init.body = this.#stream();
      init.duplex = "half";
    }
    return new Request(`http://localhost${target}`, init);
  }

  /** Bytes have arrived. */
  arrived(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** No bytes will arrive any more. */
  ended(): void {
    this.#hasEnded = true;
    this.arrived();
  }

  /** Reads the rest and throws it away; false when it is too much, malformed or broken off. */
  async skip(): Promise<boolean> {
    let skipped = 0;
    const discarded = new Uint8Array(SKIP_BYTES);
    while (!this.#isDone) {
      const read = this.#decoder.read(this.#input, discarded, 0);
      if (read === "end") this.#isDone = true;
      else if (read === "fault") return false;
      else if (read === "more") {
        if (!await this.#more()) return false;
      } else {
        skipped += read;
        if (skipped > MAX_SKIPPED_BYTES) return false;
      }
    }
    return true;
  }

  /** The request is over: whoever read the body holds it no more. */
  release(): void {
    this.#owner.bodies.add(-this.#counted);
    this.#counted = 0;
    this.#hasEnded = true;
    this.arrived();
  }

  #stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          // What came at once is read at once; before more of the same chunk is looked at, others have their turn.
          if (this.#counted > 0 && this.#input.length > 0) await turn();
          const piece = await this.#next();
          if (piece === null) controller.close();
          else controller.enqueue(piece);
        } catch (error) {
          controller.error(error);
        }
      },
    }, { highWaterMark: 0 });
  }

  /** The next piece; null after the last one. Rejects when the body cannot be had. */
  async #next(): Promise<Uint8Array<ArrayBuffer> | null> {
    for (;;) {
      const { bytes, ending } = this.#gather();
      if (bytes.length > 0) return this.#count(bytes);
      if (ending === "end") {
        this.#isDone = true;
        return null;
      }
      if (ending === "fault") return this.#break(new Problem(400, "the chunks are malformed", CLOSING));
      if (this.#mustContinue) {
        this.#mustContinue = false;
        this.#socket.write(CONTINUE);
      }
      if (!await this.#more()) return this.#break(new Problem(400, "the body broke off", CLOSING));
    }
  }

  /** All of the body that is in the input as one piece, and what comes after it: small chunks must not cost a turn each. */
  #gather(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly ending: Decoded } {
    const bytes = new Uint8Array(Math.min(MAX_PIECE_BYTES, this.#input.length));
    let length = 0;
    let ending: Decoded = 0;
    while (typeof ending === "number") {
      if (length === bytes.length && length > 0) break;
      ending = this.#decoder.read(this.#input, bytes, length);
      if (typeof ending === "number") length += ending;
    }
    return { bytes: bytes.subarray(0, length), ending };
  }

  #count(piece: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { bodies, limits, counts } = this.#owner;
    this.#counted += piece.length;
    bodies.add(piece.length);
    // A body that is alone may be as large as its route takes.
    if (bodies.total <= limits.bodyBytes || bodies.total === this.#counted) return piece;
    counts.bodiesRefused++;
    return this.#break(new Problem(503, "too many bodies are being received", { ...CLOSING, retryAfter: 1 }));
  }

  #break(problem: Problem): never {
    this.#isBroken = true;
    throw problem;
  }

  /** Waits for bytes; false when none will come. */
  #more(): Promise<boolean> {
    if (this.#hasEnded) return Promise.resolve(false);
    this.#socket.resume();
    return new Promise((resolve) => {
      this.#wake = () => resolve(!this.#hasEnded || this.#input.length > 0);
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const MAX_PIECE_BYTES = 65_536;
const SKIP_BYTES = 4096;
/** Requests that a Request takes without a body only, and whose names it takes in any case. */
const WITHOUT_BODY = /^(?:get|head)$/i;
const CLOSING = { field: "body", headers: { connection: "close" } } as const;
