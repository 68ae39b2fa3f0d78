// Reads a client's WebSocket frames (RFC 6455, section 5) and passes their payload on as it arrives, so that nothing of an
// unfinished frame or message is kept. Limits apply to what a frame announces, before any of it has come.

/** What is in frames. */
export interface FrameEvents {
  /** A part of a message; it may be overwritten after the call. */
  data(bytes: Uint8Array): void;
  ping(payload: Uint8Array): void;
  /** The peer closes. */
  peerCloses(): void;
  /** The peer broke the protocol or a limit. Nothing is read after it. */
  fault(code: number, reason: string): void;
}

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const PROTOCOL_ERROR = 1002;
const NOT_UTF8 = 1007;
const TOO_BIG = 1009;

/** A header is at most this long: two bytes, eight of length, four of mask. */
const MAX_HEADER = 14;
const MAX_CONTROL_BYTES = 125;

export class FrameReader {
  readonly #events: FrameEvents;
  readonly #maxMessageBytes: number;
  readonly #header = new Uint8Array(MAX_HEADER);
  #headerBytes = 0;
  #isOver = false;
  // The frame under way.
  #opcode = -1;
  #isLast = false;
  #left = 0;
  #maskAt = 0;
  #position = 0;
  readonly #control = new Uint8Array(MAX_CONTROL_BYTES);
  // The message under way; a control frame may stand between its frames.
  #message: typeof TEXT | typeof BINARY | null = null;
  #messageBytes = 0;
  #utf8: TextDecoder | null = null;

  constructor(events: FrameEvents, maxMessageBytes: number) {
    this.#events = events;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Reads what has arrived. The bytes are changed. */
  read(bytes: Uint8Array): void {
    let at = 0;
    while (!this.#isOver && (at < bytes.length || this.#isComplete())) {
      if (this.#opcode < 0) {
        this.#header[this.#headerBytes++] = bytes[at++];
        if (this.#headerBytes >= 2 && this.#headerBytes === this.#headerLength()) this.#begin();
      } else {
        const end = Math.min(bytes.length, at + this.#left);
        this.#take(bytes.subarray(at, end));
        at = end;
        if (this.#left === 0) this.#finish();
      }
    }
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#isOver = true;
  }

  #isComplete(): boolean {
    return this.#opcode >= 0 && this.#left === 0;
  }

  #headerLength(): number {
    const length = this.#header[1] & 127;
    return 6 + (length === 126 ? 2 : length === 127 ? 8 : 0);
  }

  /** The header is complete. */
  #begin(): void {
    const header = this.#header;
    const opcode = header[0] & 15;
    const isControl = opcode >= CLOSE;
    this.#isLast = (header[0] & 128) !== 0;
    const length = this.#announced();
    if ((header[0] & 112) !== 0) return this.#fail(PROTOCOL_ERROR, "reserved bits are set");
    if ((header[1] & 128) === 0) return this.#fail(PROTOCOL_ERROR, "frames must be masked");
    if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) {
      return this.#fail(PROTOCOL_ERROR, "the opcode is unknown");
    }
    if (isControl && (!this.#isLast || length > MAX_CONTROL_BYTES)) {
      return this.#fail(PROTOCOL_ERROR, "control frames are short and whole");
    }
    if (!isControl && (opcode === CONTINUATION) !== (this.#message !== null)) {
      return this.#fail(PROTOCOL_ERROR, "a frame does not belong to its message");
    }
    if (!isControl) {
      if (opcode !== CONTINUATION) this.#start(opcode as typeof TEXT | typeof BINARY);
      this.#messageBytes += length;
      if (this.#messageBytes > this.#maxMessageBytes) {
        return this.#fail(TOO_BIG, `messages are at most ${this.#maxMessageBytes} bytes`);
      }
    }
    this.#opcode = opcode;
    this.#left = length;
    this.#position = 0;
    this.#maskAt = this.#headerBytes - 4;
  }

  #announced(): number {
    const header = this.#header;
    const short = header[1] & 127;
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    let length = wide === 0 ? short : 0;
    for (let i = 2; i < 2 + wide; i++) length = length * 256 + header[i];
    return length;
  }

  #start(opcode: typeof TEXT | typeof BINARY): void {
    this.#message = opcode;
    this.#messageBytes = 0;
    this.#utf8 = opcode === TEXT ? new TextDecoder("utf-8", { fatal: true }) : null;
  }

  #take(payload: Uint8Array): void {
    for (let i = 0; i < payload.length; i++) {
      payload[i] ^= this.#header[this.#maskAt + ((this.#position + i) & 3)];
    }
    if (this.#opcode >= CLOSE) this.#control.set(payload, this.#position);
    this.#position += payload.length;
    this.#left -= payload.length;
    if (this.#opcode >= CLOSE || payload.length === 0) return;
    if (this.#isUtf8(payload)) this.#events.data(payload);
    else this.#fail(NOT_UTF8, "text is not UTF-8");
  }

  /** The frame is complete. */
  #finish(): void {
    const opcode = this.#opcode;
    this.#opcode = -1;
    this.#headerBytes = 0;
    if (this.#isOver) return;
    if (opcode === PING) this.#events.ping(this.#control.slice(0, this.#position));
    else if (opcode === CLOSE) {
      this.#isOver = true;
      this.#events.peerCloses();
    } else if (opcode < CLOSE && this.#isLast) {
      this.#message = null;
      if (!this.#isUtf8(null)) this.#fail(NOT_UTF8, "text is not UTF-8");
    }
  }

  /** Whether text goes on as UTF-8, or with null: ends as UTF-8. */
  #isUtf8(payload: Uint8Array | null): boolean {
    if (this.#utf8 === null) return true;
    try {
      if (payload === null) this.#utf8.decode();
      else this.#utf8.decode(payload, { stream: true });
      return true;
    } catch {
      return false;
    }
  }

  #fail(code: number, reason: string): void {
    this.#isOver = true;
    this.#events.fault(code, reason);
  }
}
