// A KV database at a URL, for tests: the server's side of the KV Connect protocol over the SQLite store of @deno/kv, which takes
// and gives the protocol's own messages.

import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { RUNTIME } from "./runtime.ts";
import { PROJECT_DIR } from "./server_process.ts";

interface NativeKv {
  open(path: string, inMemory: boolean | undefined, debug: boolean): number;
  close(database: number, debug: boolean): void;
  snapshotRead(database: number, request: Uint8Array, debug: boolean): Promise<Uint8Array>;
  atomicWrite(database: number, request: Uint8Array, debug: boolean): Promise<Uint8Array>;
}

export interface KvServer {
  readonly url: string;
  readonly token: string;
  /** Requests that it answered. */
  readonly requests: { metadata: number; reads: number; writes: number };
  close(): void;
}

/** What both versions of HTTP have. */
interface Request extends AsyncIterable<Uint8Array> {
  readonly url?: string;
}

interface Response {
  writeHead(status: number, headers?: Record<string, string>): unknown;
  end(body: string | Uint8Array): unknown;
}

const TOKEN = "a-token-of-at-least-some-length";

export async function startKvServer(path: string): Promise<KvServer> {
  const native: NativeKv = createRequire(import.meta.url)(
    `${PROJECT_DIR}node_modules/@deno/kv/esm/_napi_index.cjs`,
  );
  const database = native.open(path, undefined, false);
  const requests = { metadata: 0, reads: 0, writes: 0 };
  let url = "";
  const answer = async (what: string, body: Uint8Array): Promise<Uint8Array | string> => {
    if (what.endsWith("/snapshot_read")) {
      requests.reads++;
      return await native.snapshotRead(database, body, false);
    }
    if (what.endsWith("/atomic_write")) {
      requests.writes++;
      return await native.atomicWrite(database, body, false);
    }
    requests.metadata++;
    return JSON.stringify({
      version: 2,
      databaseId: "11111111-2222-3333-4444-555555555555",
      endpoints: [{ url, consistency: "strong" }],
      token: TOKEN,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
  };
  const reply = (request: Request, response: Response): void => {
    void bodyOf(request).then((body) => answer(request.url ?? "", body)).then((result) => {
      const isText = typeof result === "string";
      response.writeHead(200, { "content-type": isText ? "application/json" : "application/x-protobuf" });
      response.end(result);
    }, (error) => {
      response.writeHead(500);
      response.end(String(error));
    });
  };
  // Deno's own client speaks HTTP/2 from its first byte, the npm package HTTP/1.
  const server = RUNTIME === "deno" ? createHttp2Server(reply) : createServer(reply);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token: TOKEN,
    requests,
    close() {
      server.close();
      native.close(database, false);
    },
  };
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
