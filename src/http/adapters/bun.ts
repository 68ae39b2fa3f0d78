// HTTP by Bun.serve.

import { MAX_MESSAGE_BYTES } from "../wire_socket.ts";
import type { AcceptSocket, WireEvents } from "../route.ts";
import { asksForSocket, bytesOfMessage } from "./adapter.ts";
import type { Answer, HttpListener } from "./adapter.ts";

// The part of Bun's interface that is used here; Bun's own types are not needed to check this project.
interface BunSocket {
  readonly data: { readonly accept: AcceptSocket; events?: WireEvents };
  sendBinary(bytes: Uint8Array): number;
  getBufferedAmount(): number;
  close(code: number, reason: string): void;
}

interface BunServer {
  readonly port: number;
  stop(closeActive: boolean): void;
  requestIP(request: Request): { address: string; port: number } | null;
  timeout(request: Request, seconds: number): void;
  upgrade(request: Request, options: { data: BunSocket["data"] }): boolean;
}

interface BunRuntime {
  serve(options: {
    hostname: string;
    port: number;
    idleTimeout: number;
    maxRequestBodySize: number;
    fetch(request: Request, server: BunServer): Promise<Response | undefined>;
    websocket: {
      maxPayloadLength: number;
      idleTimeout: number;
      open(socket: BunSocket): void;
      message(socket: BunSocket, data: string | Uint8Array): void;
      close(socket: BunSocket): void;
    };
  }): BunServer;
}

/** A connection on which nothing moves is closed after so many seconds, but while its request is being answered. */
const IDLE_SECONDS = 30;
/** The app has its own limits, which it answers with a problem. */
const MAX_BODY_BYTES = Number.MAX_SAFE_INTEGER;

/** Listens with Bun.serve. */
export function listen(host: string, port: number, answer: Answer): Promise<HttpListener> {
  const { Bun } = globalThis as unknown as { Bun: BunRuntime };
  try {
    const server = Bun.serve({
      hostname: host,
      port,
      idleTimeout: IDLE_SECONDS,
      maxRequestBodySize: MAX_BODY_BYTES,
      fetch: (request, server) => serve(request, server, answer),
      websocket: {
        maxPayloadLength: MAX_MESSAGE_BYTES,
        idleTimeout: 0,
        open: (socket) => void (socket.data.events = socket.data.accept(wireSocket(socket))),
        message: (socket, data) => socket.data.events?.received(bytesOfMessage(data)),
        close: (socket) => socket.data.events?.closed(),
      },
    });
    return Promise.resolve({ port: server.port, close: () => server.stop(true) });
  } catch (error) {
    return Promise.reject(error);
  }
}

async function serve(request: Request, server: BunServer, answer: Answer): Promise<Response | undefined> {
  const from = server.requestIP(request);
  let isUpgraded = false;
  const response = await answer(request, {
    peer: from === null ? null : `${from.address}:${from.port}`,
    get signal() {
      server.timeout(request, 0); // who asks for it may have to wait for long
      return request.signal;
    },
    upgrade(accept) {
      if (!asksForSocket(request)) return null;
      isUpgraded = server.upgrade(request, { data: { accept } });
      return isUpgraded ? new Response() : null;
    },
  });
  return isUpgraded ? undefined : response;
}

function wireSocket(socket: BunSocket): Parameters<AcceptSocket>[0] {
  return {
    send: (bytes) => void socket.sendBinary(bytes),
    bufferedAmount: () => socket.getBufferedAmount(),
    close: (code, reason) => socket.close(code, reason),
  };
}
