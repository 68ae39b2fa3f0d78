// A client of the protocol as a user's program would have it: one promise per command, commands of one turn in one
// write, replies in order.
import net from "node:net";
import { Buffer } from "node:buffer";

export interface ReservedJob {
  readonly id: string;
  readonly body: string;
}

interface Reply {
  readonly words: readonly string[];
  readonly body: string;
}

interface Awaited {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

const LINE_END = "\r\n";
const LINE_END_BYTES = 2;

export class OwnClient {
  readonly #socket: net.Socket;
  #awaited: Awaited[] = [];
  #answered = 0;
  #unsent = "";
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    const lost = (): void => this.#fail(new Error("the connection was lost"));
    socket.on("error", lost).on("close", lost);
  }

  static connect(host: string, port: number): Promise<OwnClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host, port, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new OwnClient(socket));
      });
    });
  }

  async put(body: string): Promise<string> {
    const { words } = await this.#ask(`put 0 0 60 ${body.length}${LINE_END}${body}`);
    if (words[0] !== "INSERTED") throw new Error(words.join(" "));
    return words[1];
  }

  /** Waits for a job. */
  async reserve(): Promise<ReservedJob> {
    const { words, body } = await this.#ask("reserve");
    if (words[0] !== "RESERVED") throw new Error(words.join(" "));
    return { id: words[1], body };
  }

  /** A job if one is ready. */
  async reserveReady(): Promise<ReservedJob | null> {
    const { words, body } = await this.#ask("reserve-with-timeout 0");
    if (words[0] === "TIMED_OUT") return null;
    if (words[0] !== "RESERVED") throw new Error(words.join(" "));
    return { id: words[1], body };
  }

  async delete(id: string): Promise<void> {
    const { words } = await this.#ask(`delete ${id}`);
    if (words[0] !== "DELETED") throw new Error(words.join(" "));
  }

  #ask(command: string): Promise<Reply> {
    if (this.#unsent === "") queueMicrotask(() => this.#flush());
    this.#unsent += command + LINE_END;
    return new Promise((resolve, reject) => this.#awaited.push({ resolve, reject }));
  }

  #flush(): void {
    const text = this.#unsent;
    this.#unsent = "";
    this.#socket.write(text, "latin1");
  }

  #received(chunk: Buffer): void {
    const bytes = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk;
    let at = 0;
    for (;;) {
      const lineEnd = bytes.indexOf(LINE_END, at);
      if (lineEnd < 0) break;
      const words = bytes.toString("latin1", at, lineEnd).split(" ");
      let next = lineEnd + LINE_END_BYTES;
      let body = "";
      if (words[0] === "RESERVED") {
        const bodyEnd = next + Number(words[2]);
        if (bodyEnd + LINE_END_BYTES > bytes.length) break;
        body = bytes.toString("latin1", next, bodyEnd);
        next = bodyEnd + LINE_END_BYTES;
      }
      at = next;
      this.#answer({ words, body });
    }
    this.#unread = at < bytes.length ? bytes.subarray(at) : Buffer.alloc(0);
  }

  #answer(reply: Reply): void {
    const awaited = this.#awaited[this.#answered++];
    if (!awaited) {
      return this.#fail(new Error(`reply to nothing: ${reply.words.join(" ")}`));
    }
    if (this.#answered === this.#awaited.length) {
      this.#awaited = [];
      this.#answered = 0;
    }
    awaited.resolve(reply);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#awaited.slice(this.#answered)) reject(error);
    this.#awaited = [];
    this.#answered = 0;
    this.#socket.destroy();
  }
}
