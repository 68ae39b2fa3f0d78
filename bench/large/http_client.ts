// Asks the HTTP port and reads the answer to its end without looking at it, so that the asking keeps nobody waiting here.
import { Buffer } from "node:buffer";
import http from "node:http";
import { HOST } from "../support/server.ts";

export interface Asked {
  readonly bytes: number;
  readonly ms: number;
}

export class HttpClient {
  readonly #port: number;
  readonly #agent: http.Agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

  constructor(port: number) {
    this.#port = port;
  }

  /** GET, or POST when there is a body. Rejects when the answer is no success. */
  ask(path: string, body?: unknown): Promise<Asked> {
    const beganAt = performance.now();
    return new Promise((resolve, reject) => {
      const request = this.#begin(path, body, (response) => {
        let bytes = 0;
        response.on("data", (chunk: Buffer) => (bytes += chunk.length));
        response.on("end", () => resolve({ bytes, ms: performance.now() - beganAt }));
        response.on("error", reject);
        if ((response.statusCode ?? 0) >= 300) reject(new Error(`${path}: ${response.statusCode}`));
      });
      request.on("error", reject);
    });
  }

  /** The value of a JSON answer. */
  async json<T>(path: string, body?: unknown): Promise<T> {
    return await new Promise((resolve, reject) => {
      this.#begin(path, body, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve(JSON.parse(Buffer.concat(chunks).toString()) as T);
      }).on("error", reject);
    });
  }

  /** Hears live events until the call that is answered. */
  listen(path: string): Promise<() => number> {
    return new Promise((resolve, reject) => {
      let bytes = 0;
      const request = http.get({ host: HOST, port: this.#port, path }, (response) => {
        response.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("error", () => {});
        resolve(() => {
          request.destroy();
          return bytes;
        });
      });
      request.once("error", reject);
      request.on("error", () => {}); // it is ended in the midst of it
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #begin(
    path: string,
    body: unknown,
    answered: (response: http.IncomingMessage) => void,
  ): http.ClientRequest {
    const options = {
      host: HOST,
      port: this.#port,
      path,
      agent: this.#agent,
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
    };
    const request = http.request(options, answered);
    request.end(body === undefined ? undefined : JSON.stringify(body));
    return request;
  }
}
