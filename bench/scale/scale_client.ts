// A protocol connection for the scale bench: sends prepared bytes and waits until so many replies have come.
// Ids of reserved jobs are kept for the deletes that follow; any reply that means failure rejects.
import net from "node:net";
import { Buffer } from "node:buffer";
import { HOST } from "../support/server.ts";

const LINE_FEED = 10;
const BLANK = 32;
const FAILURE =
  /^(NOT_FOUND|NOT_IGNORED|BAD_FORMAT|UNKNOWN_COMMAND|OUT_OF_MEMORY|INTERNAL_ERROR|DRAINING|EXPECTED_CRLF|JOB_TOO_BIG|TIMED_OUT|DEADLINE_SOON)/;
/** Commands sent in one piece by `bulk`, and pieces that may be unanswered. */
const PIECE = 1000;
const PIECES_IN_FLIGHT = 4;

interface Awaited {
  replies: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

export class ScaleClient {
  readonly #socket: net.Socket;
  readonly #awaited: Awaited[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #skip = 0;
  #closing = false;
  /** Ids of the jobs reserved since this was last emptied. */
  reserved: number[] = [];
  /** The first line and the body of the last reply that had one (OK, FOUND, RESERVED), where it came in one piece. */
  lastBody = "";

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    const lost = (): void => this.#fail(new Error("the connection was lost"));
    socket.on("error", lost).on("close", lost);
  }

  static open(port: number): Promise<ScaleClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: HOST, port, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new ScaleClient(socket));
      });
    });
  }

  /** Opens many at once, but not so many that the listen queue overflows. */
  static async openMany(port: number, count: number): Promise<ScaleClient[]> {
    const clients: ScaleClient[] = [];
    while (clients.length < count) {
      const wave = Math.min(100, count - clients.length);
      clients.push(...await Promise.all(Array.from({ length: wave }, () => ScaleClient.open(port))));
    }
    return clients;
  }

  /** Sends and resolves when `replies` replies have come for it. */
  ask(bytes: string | Uint8Array, replies = 1): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#awaited.push({ replies, resolve, reject });
      this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    });
  }

  /** Sends without waiting: the reply is expected later, or never. */
  send(text: string): void {
    this.#socket.write(text, "latin1");
  }

  /** Sends `count` commands, each made by `command(i)`, in big pieces. `repliesEach` when a text holds several. */
  async bulk(count: number, command: (i: number) => string, repliesEach = 1): Promise<void> {
    const inFlight: Promise<void>[] = [];
    for (let from = 0; from < count; from += PIECE) {
      const end = Math.min(count, from + PIECE);
      let text = "";
      for (let i = from; i < end; i++) text += command(i);
      inFlight.push(this.ask(text, (end - from) * repliesEach));
      if (inFlight.length >= PIECES_IN_FLIGHT) await inFlight.shift();
    }
    await Promise.all(inFlight);
  }

  /** Takes the ids reserved so far. */
  takeReserved(): number[] {
    const ids = this.reserved;
    this.reserved = [];
    return ids;
  }

  /** The number in a `key: value` line of the last body. */
  field(key: string): number {
    return Number(new RegExp(`^${key}: (\\d+)$`, "m").exec(this.lastBody)?.[1] ?? NaN);
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    const bytes = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      const end = bytes.indexOf(LINE_FEED, at);
      if (end < 0) break;
      this.#line(bytes, at, end - 1);
      at = end + 1;
    }
    this.#pending = at < bytes.length ? Buffer.from(bytes.subarray(at)) : Buffer.alloc(0);
  }

  #line(bytes: Buffer, from: number, end: number): void {
    const letter = bytes[from];
    // RESERVED <id> <bytes>, FOUND <id> <bytes>, OK <bytes>: a body follows. (RELEASED has no blank there.)
    const hasBody = (letter === 82 && bytes[from + 8] === BLANK) || letter === 70 || letter === 79;
    if (hasBody && bytes[from + 1] !== 85) {
      const words = bytes.toString("latin1", from, end).split(" ");
      const size = Number(words[words.length - 1]);
      if (letter === 82) this.reserved.push(Number(words[1]));
      this.lastBody = bytes.toString("latin1", from, end + 2 + size);
      this.#skip = size + 2;
    } else if (letter !== 73 || bytes[from + 2] !== 83) {
      // Not INSERTED, which by far comes most often.
      const text = bytes.toString("latin1", from, end);
      if (FAILURE.test(text)) return this.#fail(new Error(text));
    }
    const first = this.#awaited[0];
    if (!first) return this.#fail(new Error(`reply to nothing: ${bytes.toString("latin1", from, end)}`));
    if (--first.replies > 0) return;
    this.#awaited.shift();
    first.resolve();
  }

  #fail(error: Error): void {
    if (this.#closing) return;
    for (const { reject } of this.#awaited.splice(0)) reject(error);
    this.close();
  }
}
