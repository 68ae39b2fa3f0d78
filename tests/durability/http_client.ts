// A raw HTTP/1.1 connection for tests: one request at a time, never sent again by itself, so that what has no answer is known
// to have none. Bodies are latin-1: one character is one byte.

import { WireClient } from "../support/wire_client.ts";
import { violation } from "./violation.ts";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document that is sent as JSON. */
  readonly json?: unknown;
  /** Or bytes that are sent as they are. */
  readonly bytes?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

/** How long an answer may take, in milliseconds: far longer than any disk of these tests. */
const PATIENCE_MS = 60_000;

export class HttpClient {
  private readonly wire: WireClient;
  private readonly host: string;

  private constructor(wire: WireClient, host: string) {
    this.wire = wire;
    this.host = host;
  }

  static async connect(port: number): Promise<HttpClient> {
    return new HttpClient(await WireClient.connect(port), `127.0.0.1:${port}`);
  }

  get ended(): boolean {
    return this.wire.ended;
  }

  close(): void {
    this.wire.close();
  }

  /** Sends a request and takes its answer; null when the connection ended before all of that was there. */
  async ask(request: HttpRequest): Promise<HttpReply | null> {
    const { wire } = this;
    wire.send(this.bytesOf(request));
    let end = -1;
    await wire.until(() => (end = wire.unread.indexOf("\r\n\r\n")) >= 0 || wire.ended, PATIENCE_MS);
    if (end < 0) return wire.ended ? null : violation(`${request.method} ${request.path} has no answer`);
    const head = await wire.take(end + 4);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? violation(`no answer in HTTP: ${head}`));
    if (status === 204) return { status, body: "" };
    const length = /^content-length: (\d+)\r$/im.exec(head);
    const body = length === null ? await this.chunks() : await this.part(Number(length[1]));
    return body === null ? null : { status, body };
  }

  private bytesOf({ method, path, headers = {}, json, bytes }: HttpRequest): string {
    const body = json === undefined ? bytes : JSON.stringify(json);
    const all: Record<string, string> = { host: this.host, ...headers };
    if (body !== undefined) {
      all["content-type"] = json === undefined ? "application/octet-stream" : "application/json";
      all["content-length"] = String(body.length);
    } else if (method === "POST") all["content-length"] = "0";
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
  }

  private async part(bytes: number): Promise<string | null> {
    const part = await this.wire.take(bytes, PATIENCE_MS);
    return part.length === bytes ? part : null;
  }

  private async chunks(): Promise<string | null> {
    let body = "";
    for (;;) {
      const size = await this.wire.reply(PATIENCE_MS);
      if (!/^[\da-f]+\r\n$/i.test(size)) return null;
      const bytes = parseInt(size, 16);
      const chunk = await this.part(bytes + 2);
      if (chunk === null) return null;
      if (bytes === 0) return body;
      body += chunk.slice(0, -2);
    }
  }
}

/** What a refusal of a stopping server says of itself when it is certain that nothing was done. */
export function saysNothingWasDone({ status, body }: HttpReply): boolean {
  return status === 503 && /nothing was done|the jobs are coming back/.test(body);
}

/** Waits until the API of a server that is there answers requests. */
export async function untilReady(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const client = await HttpClient.connect(port).catch(() => null);
    const reply = await client?.ask({ method: "GET", path: "/readyz" }) ?? null;
    client?.close();
    if (reply?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  violation("the HTTP port does not become ready");
}
