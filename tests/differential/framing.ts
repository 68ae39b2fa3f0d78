// How many replies a stream of bytes asks for: just enough of the protocol's framing to know what to wait for.
//
// It follows the reference (lines end with CR LF, at most 224 bytes; a longer line is thrown away in pieces of 224) and says
// when the bytes reach a place where the reference is known to lose its way (`trouble`).
export const LINE_BYTES = 224;
const U32_MAX = 4294967295;

export interface Ask {
  /** The line that asks, without CR LF; "" for the rest of a line that was too long. */
  readonly line: string;
  /** "wait" may stay without a reply until something happens; "quit" closes. */
  readonly kind: "answer" | "wait" | "quit";
  /** Whether it counts as cmd-put. */
  readonly put: boolean;
}

type Mode = "line" | "discard" | "body" | "swallow" | "over";

export class Framing {
  readonly #maxJobBytes: number;
  #mode: Mode = "line";
  /** Bytes of the unfinished line, or of the present piece of a too long one. */
  #text = "";
  #bodyLeft = 0;
  #putLine = "";
  /** Ids taken by put lines so far. */
  idsTaken = 0;
  /** Lines seen so far. */
  lines = 0;
  /** Bytes that came after quit. */
  dropped = 0;
  /** Why the reference's answer is not worth comparing from here on. */
  trouble: string | undefined;

  constructor(maxJobBytes: number) {
    this.#maxJobBytes = maxJobBytes;
  }

  /** True between a put line that took an id and the end of its body. */
  get uploading(): boolean {
    return this.#mode === "body";
  }

  /** True when a put was counted that has not asked for its reply yet. */
  get insidePut(): boolean {
    return this.#mode === "body" || this.#mode === "swallow";
  }

  copy(): Framing {
    const copy = new Framing(this.#maxJobBytes);
    copy.#mode = this.#mode;
    copy.#text = this.#text;
    copy.#bodyLeft = this.#bodyLeft;
    copy.#putLine = this.#putLine;
    copy.idsTaken = this.idsTaken;
    copy.lines = this.lines;
    copy.dropped = this.dropped;
    copy.trouble = this.trouble;
    return copy;
  }

  push(bytes: string): Ask[] {
    const asks: Ask[] = [];
    let at = 0;
    while (at < bytes.length && this.#mode !== "over") {
      if (this.insidePut) at += this.#body(bytes, at, asks);
      else at += this.#line(bytes, at, asks);
    }
    this.dropped += bytes.length - at;
    return asks;
  }

  #body(bytes: string, at: number, asks: Ask[]): number {
    const count = Math.min(this.#bodyLeft, bytes.length - at);
    this.#bodyLeft -= count;
    if (this.#bodyLeft === 0) {
      this.#mode = "line";
      asks.push({ line: this.#putLine, kind: "answer", put: true });
    }
    return count;
  }

  /** Takes bytes up to the end of the line or of a piece of 224, whichever is first. */
  #line(bytes: string, at: number, asks: Ask[]): number {
    const room = LINE_BYTES - this.#text.length;
    const before = this.#text.length;
    const piece = this.#text + bytes.slice(at, at + room);
    const cr = piece.indexOf("\r");
    if (cr >= 0 && cr + 1 < piece.length && piece[cr + 1] !== "\n") {
      this.trouble ??= "a CR that is not followed by LF";
    }
    if (cr === LINE_BYTES - 1) this.trouble ??= "a CR as the last byte of 224";
    if (cr >= 0 && piece[cr + 1] === "\n") {
      this.#text = "";
      this.lines++;
      if (this.#mode === "discard") {
        this.#mode = "line";
        asks.push({ line: "", kind: "answer", put: false });
      } else this.#command(piece.slice(0, cr), asks);
      return cr + 2 - before;
    }
    this.#text = piece;
    if (piece.length === LINE_BYTES) {
      this.#mode = "discard";
      this.#text = "";
    }
    return piece.length - before;
  }

  #command(line: string, asks: Ask[]): void {
    if (line.includes("\0")) asks.push({ line, kind: "answer", put: false });
    else if (line.startsWith("put ")) this.#put(line, asks);
    else if (line === "reserve") asks.push({ line, kind: "wait", put: false });
    else if (/^reserve-with-timeout +0*[1-9]/.test(line)) asks.push({ line, kind: "wait", put: false });
    else if (line.startsWith("quit")) {
      this.#mode = "over";
      asks.push({ line, kind: "quit", put: false });
    } else asks.push({ line, kind: "answer", put: false });
  }

  #put(line: string, asks: Ask[]): void {
    const put = parsePut(line);
    if (!put) return void asks.push({ line, kind: "answer", put: false });
    if (put.bytes > this.#maxJobBytes) this.#mode = "swallow";
    else if (put.rest) return void asks.push({ line, kind: "answer", put: true });
    else {
      this.#mode = "body";
      this.idsTaken++;
    }
    this.#bodyLeft = put.bytes + 2;
    this.#putLine = line;
  }
}

export interface PutLine {
  delay: number;
  ttr: number;
  bytes: number;
  /** What follows the last number. */
  rest: string;
}

/** The put line's numbers, or undefined when it is BAD_FORMAT before it is counted. */
export function parsePut(line: string): PutLine | undefined {
  const match = /^put +(\d+) +(\d+) +(\d+) +(\d+)([^]*)$/.exec(line);
  if (!match) return undefined;
  const [pri, delay, ttr, bytes] = match.slice(1, 5).map(Number);
  if (Math.max(pri, delay, ttr, bytes) > U32_MAX) return undefined;
  return { delay, ttr, bytes, rest: match[5] };
}
