// HTTP by Deno.serve.

import { asksForSocket, bytesOfMessage } from "./adapter.ts";
import type { Answer, HttpListener } from "./adapter.ts";
import type { AcceptSocket } from "../route.ts";

// The part of Deno's interface that is used here, so that the project checks the same with any runtime's types.
interface DenoInfo {
  readonly remoteAddr: { readonly hostname?: string; readonly port?: number };
}

interface DenoServer {
  readonly addr: { readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

interface DenoRuntime {
  serve(
    options: {
      hostname: string;
      port: number;
      signal: AbortSignal;
      onListen: () => void;
      onError: (error: unknown) => Response;
    },
    serve: (request: Request, info: DenoInfo) => Promise<Response>,
  ): DenoServer;
  upgradeWebSocket(request: Request): { socket: WebSocket; response: Response };
}

/** Listens with Deno.serve. */
export function listen(host: string, port: number, answer: Answer): Promise<HttpListener> {
  const { Deno } = globalThis as unknown as { Deno: DenoRuntime };
  const ending = new AbortController();
  const options = {
    hostname: host,
    port,
    signal: ending.signal,
    onListen: (): void => {},
    onError: (): Response => new Response(null, { status: 500 }),
  };
  try {
    const server = Deno.serve(options, (request, { remoteAddr }) =>
      answer(request, {
        peer: remoteAddr.hostname === undefined ? null : `${remoteAddr.hostname}:${remoteAddr.port}`,
        get signal() {
          return request.signal;
        },
        upgrade: (accept) => asksForSocket(request) ? upgrade(Deno, request, accept) : null,
      }));
    let isDrained = false;
    return Promise.resolve({
      port: server.addr.port,
      // A server that has shut down, or does just then, throws when it is aborted; it accepts nothing any more anyway.
      close: () => void (isDrained || ending.abort()),
      drain() {
        isDrained = true;
        return server.shutdown();
      },
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

function upgrade(Deno: DenoRuntime, request: Request, accept: AcceptSocket): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    const events = accept({
      send: (bytes) => socket.readyState === WebSocket.OPEN && socket.send(bytes as Uint8Array<ArrayBuffer>),
      bufferedAmount: () => socket.bufferedAmount,
      close: (code, reason) => socket.close(code, reason),
    });
    socket.onmessage = ({ data }) => events.received(bytesOfMessage(data));
    socket.onclose = () => events.closed();
  };
  socket.onerror = () => {}; // "close" follows and says it
  return response;
}
