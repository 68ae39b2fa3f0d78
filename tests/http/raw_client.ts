// A peer of the HTTP port that sends what bytes it likes.
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { sleep } from "../support/runtime.ts";
import { readAnswers } from "./fuzz/answers.ts";

export interface Heard {
  text: string;
  isClosed: boolean;
}

export class RawClient {
  readonly socket: net.Socket;
  readonly heard: Heard = { text: "", isClosed: false };

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => (this.heard.isClosed = true));
    socket.on("end", () => (this.heard.isClosed = true));
    socket.on("data", (bytes: Buffer) => (this.heard.text += bytes.toString("latin1")));
  }

  static connect(port: number, isSecure = false): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const place = { host: "127.0.0.1", port, allowHalfOpen: true };
      const socket: net.Socket = isSecure
        ? tls.connect({ ...place, rejectUnauthorized: false }, () => resolve(new RawClient(socket)))
        : net.connect(place, () => resolve(new RawClient(socket)));
      socket.once("error", reject);
    });
  }

  send(text: string | Uint8Array): this {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    return this;
  }

  /** Statuses of the answers that have come. */
  get statuses(): readonly number[] {
    return readAnswers(this.heard.text).statuses;
  }

  /** Waits for so many answers, or the end of the connection; throws after `ms`. */
  async answers(count: number, ms = 10_000): Promise<readonly number[]> {
    await this.until(() => this.heard.isClosed || this.statuses.length >= count, ms, `${count} answers`);
    return this.statuses;
  }

  /** Waits for the end of the connection. Returns after how many milliseconds it came. */
  async closed(ms = 10_000): Promise<number> {
    const beganAt = performance.now();
    await this.until(() => this.heard.isClosed, ms, "the end of the connection");
    return performance.now() - beganAt;
  }

  async until(isSo: () => boolean, ms: number, what: string): Promise<void> {
    for (const giveUpAt = performance.now() + ms; !isSo(); await sleep(5)) {
      if (performance.now() > giveUpAt) {
        throw new Error(
          `waited ${ms} ms for ${what}; heard ${JSON.stringify(this.heard.text.slice(0, 500))}`,
        );
      }
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A request with a Host; `lines` are more headers. */
export function requestOf(method: string, target: string, lines: readonly string[] = [], body = ""): string {
  const all = ["Host: localhost", ...lines].map((line) => `${line}\r\n`).join("");
  return `${method} ${target} HTTP/1.1\r\n${all}\r\n${body}`;
}

export const UPGRADE: readonly string[] = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
];
