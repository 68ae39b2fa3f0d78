// Writes answers. An answer counts as unsent until the peer has taken it, and a peer that takes nothing for a while is
// disconnected: so no more than one answer of a connection is ever in memory.

import { Buffer } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { Problem } from "../problem.ts";
import { WRITE_BYTES } from "./limits.ts";
import type { ConnectionOwner } from "./owner.ts";
import type { RequestHead } from "./request_head.ts";
import type { HttpSocket } from "./socket.ts";

const STREAMED = "text/event-stream";
const LAST_CHUNK = Buffer.from("0\r\n\r\n", "latin1");

export class AnswerWriter {
  readonly #socket: HttpSocket;
  readonly #owner: ConnectionOwner;
  readonly #setDeadline: (deadline: number) => void;
  #unsent = 0;
  #hasBegun = false;

  /** `setDeadline` says until when the peer has to take something. */
  constructor(socket: HttpSocket, owner: ConnectionOwner, setDeadline: (deadline: number) => void) {
    this.#socket = socket;
    this.#owner = owner;
    this.#setDeadline = setDeadline;
  }

  get unsent(): number {
    return this.#unsent;
  }

  /** Whether the first bytes of the answer to the request under way count as unsent, or did. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** A request begins, which has no answer yet. */
  expect(): void {
    this.#hasBegun = false;
  }

  /** Writes an answer and waits until it is taken. Returns whether the connection can serve another request. */
  async write(answer: Response, head: RequestHead, mayGoOn: boolean): Promise<boolean> {
    const { headers, status } = answer;
    const isStream = answer.body !== null && (headers.get("content-type") ?? "").startsWith(STREAMED);
    const asksToClose = headers.get("connection") === "close";
    const isKept = mayGoOn && !asksToClose && (!isStream || head.takesChunks);
    if (isStream) return await this.#stream(answer, head, isKept);
    const body = answer.body === null ? null : new Uint8Array(await answer.arrayBuffer());
    const length = body?.length ?? (hasNoBody(status) || headers.has("content-length") ? null : 0);
    const lines = headLines(answer, isKept, length === null ? null : `content-length: ${length}`);
    await this.#send(body === null || body.length === 0 ? lines : Buffer.concat([lines, body]));
    return isKept;
  }

  /** Writes an answer after which the connection ends, and does not wait. */
  writeLast(problem: Problem, dress: (response: Response) => Response): void {
    const { text, response } = problem.document();
    const body = Buffer.from(text);
    const lines = headLines(dress(response), false, `content-length: ${body.length}`);
    this.#socket.write(Buffer.concat([lines, body]));
  }

  async #stream(answer: Response, head: RequestHead, isKept: boolean): Promise<boolean> {
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    try {
      await this.#send(headLines(answer, isKept, head.takesChunks ? "transfer-encoding: chunked" : null));
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#socket.isClosed) break;
        if (value.length > 0) await this.#send(head.takesChunks ? chunkOf(value) : value);
        if (this.#socket.isClosed) break;
      }
      if (head.takesChunks) await this.#send(LAST_CHUNK);
      return isKept;
    } catch {
      this.#socket.destroy(); // the source gave up: the peer must not take what it has for the whole
      return false;
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const { limits, unsent } = this.#owner;
    this.#unsent = bytes.length;
    unsent.add(bytes.length);
    this.#hasBegun = true;
    if (unsent.total > limits.unsentBytes) this.#owner.relieve();
    for (let at = 0; at < bytes.length && !this.#socket.isClosed; at += WRITE_BYTES) {
      const piece = bytes.subarray(at, at + WRITE_BYTES);
      this.#setDeadline(this.#owner.now() + limits.stallMs);
      await new Promise<void>((resolve) => this.#socket.write(piece, resolve));
      this.#unsent -= piece.length;
      unsent.add(-piece.length);
    }
    unsent.add(-this.#unsent);
    this.#unsent = 0;
    this.#setDeadline(Infinity);
  }
}

function hasNoBody(status: number): boolean {
  return status === 204 || status === 304 || status < 200;
}

function headLines({ status, headers }: Response, isKept: boolean, framing: string | null): Buffer {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
  headers.forEach((value, name) => {
    if (name !== "connection" && name !== "set-cookie" && !(framing !== null && isFraming(name))) {
      text += `${name}: ${value}\r\n`;
    }
  });
  for (const cookie of headers.getSetCookie()) text += `set-cookie: ${cookie}\r\n`;
  if (framing !== null) text += `${framing}\r\n`;
  text += `date: ${new Date().toUTCString()}\r\nconnection: ${isKept ? "keep-alive" : "close"}\r\n\r\n`;
  return Buffer.from(text, "latin1");
}

function isFraming(name: string): boolean {
  return name === "content-length" || name === "transfer-encoding";
}

function chunkOf(bytes: Uint8Array): Buffer {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`, "latin1");
  return Buffer.concat([size, bytes, CRLF]);
}

const CRLF = Buffer.from("\r\n", "latin1");
