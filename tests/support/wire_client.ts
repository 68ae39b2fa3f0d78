// A raw protocol connection for tests: sends bytes as they are given, hands back bytes or whole replies.
// Strings are latin-1: one character is one byte.
import net from "node:net";
import { Buffer } from "node:buffer";

const HAS_BODY = /^(?:OK|FOUND \d+|RESERVED \d+) (\d+)$/;

export class WireClient {
  readonly socket: net.Socket;
  #received: Buffer = Buffer.alloc(0);
  #wakers: (() => void)[] = [];
  /** True once the server has closed its side (or the connection broke). */
  ended = false;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      this.#received = this.#received.length ? Buffer.concat([this.#received, bytes]) : bytes;
      this.#wake();
    });
    const end = () => {
      this.ended = true;
      this.#wake();
    };
    socket.on("end", end).on("error", end).on("close", end);
  }

  static connect(port: number, host = "127.0.0.1"): Promise<WireClient> {
    return WireClient.#dial({ port, host, allowHalfOpen: true });
  }

  static connectUnix(path: string): Promise<WireClient> {
    return WireClient.#dial({ path, allowHalfOpen: true });
  }

  static #dial(options: net.NetConnectOpts & { allowHalfOpen: boolean }): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(options);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new WireClient(socket));
      });
    });
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  /** Waits until the condition holds; false when `ms` ran out first. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    const giveUpAt = Date.now() + ms;
    while (!condition()) {
      const left = giveUpAt - Date.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wakers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return true;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Shuts down the write side; the server may still answer. */
  halfClose(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }

  /** Bytes received and not yet taken. */
  get unread(): string {
    return this.#received.toString("latin1");
  }

  /** Takes exactly `count` bytes, or fewer when the connection ended or `ms` ran out. */
  async take(count: number, ms = 30_000): Promise<string> {
    await this.until(() => this.#received.length >= count || this.ended, ms);
    return this.#takeNow(Math.min(count, this.#received.length));
  }

  /** Takes one whole reply: a line with its CR LF, and the body with its CR LF for OK, FOUND and RESERVED. "" when none came. */
  async reply(ms = 30_000): Promise<string> {
    await this.until(() => this.#replyLength() > 0 || this.ended, ms);
    return this.#takeNow(this.#replyLength());
  }

  /** Sends and takes one reply. */
  ask(bytes: string | Uint8Array, ms = 30_000): Promise<string> {
    this.send(bytes);
    return this.reply(ms);
  }

  /** Resolves true when the server closes within `ms`. */
  closed(ms = 30_000): Promise<boolean> {
    return this.until(() => this.ended, ms);
  }

  #takeNow(count: number): string {
    const taken = this.#received.subarray(0, count).toString("latin1");
    this.#received = this.#received.subarray(count);
    return taken;
  }

  #replyLength(): number {
    const end = this.#received.indexOf("\r\n");
    if (end < 0) return 0;
    const body = HAS_BODY.exec(this.#received.subarray(0, end).toString("latin1"));
    const length = end + 2 + (body ? Number(body[1]) + 2 : 0);
    return this.#received.length >= length ? length : 0;
  }
}

/** The `key: value` lines of an OK reply, quotes stripped. */
export function yamlOf(reply: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of reply.split("\n")) {
    const match = /^([a-z-]+): (.*)$/.exec(line);
    if (match) fields[match[1]] = match[2].replace(/^"(.*)"$/, "$1");
  }
  return fields;
}
