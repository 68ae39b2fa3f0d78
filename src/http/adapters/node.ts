// HTTP by node:http.

import http, { STATUS_CODES } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { MAX_MESSAGE_BYTES } from "../wire_socket.ts";
import type { AcceptSocket } from "../route.ts";
import { bytesOfMessage } from "./adapter.ts";
import type { Answer, HttpListener, ListenHttp, ListenSecure } from "./adapter.ts";

/** Headers that have not come by then end a connection, in milliseconds. */
const HEADERS_TIMEOUT_MS = 15_000;
/** So does a whole request; the app gives up earlier, with a problem. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Listens with node:http. */
export function listen(host: string, port: number, answer: Answer): Promise<HttpListener> {
  const server = serverOf(answer);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.removeListener("error", reject);
      server.on("error", () => {}); // out of descriptors, most likely: connections that are there go on
      resolve({ port: (server.address() as AddressInfo).port, close: () => end(server) });
    });
  });
}

/** Listens with TLS, on every runtime: node:http takes the sockets as they come. */
export function listenIn(secure: ListenSecure): ListenHttp {
  return async (host, port, answer) => {
    const server = serverOf(answer);
    const sockets = new Set<Duplex>();
    const listener = await secure({ kind: "tcp", host, port }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => {}); // "close" follows
      server.emit("connection", socket);
    });
    const { address } = listener;
    const close = (): void => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    };
    return { port: address.kind === "tcp" ? address.port : port, close };
  };
}

function end(server: Server): void {
  server.close();
  server.closeAllConnections();
}

function serverOf(answer: Answer): Server {
  const serve = getRequestListener((request, env) => {
    const { incoming } = env as HttpBindings;
    return answer(request, {
      peer: addressOf(incoming),
      get signal() {
        return request.signal;
      },
      upgrade: () => null,
    });
  }, { overrideGlobalObjects: false });
  const server = http.createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 5000,
    noDelay: true,
  }, serve);
  serveSockets(server, answer);
  return server;
}

function addressOf({ socket }: IncomingMessage): string | null {
  return socket.remoteAddress === undefined ? null : `${socket.remoteAddress}:${socket.remotePort}`;
}

/** Requests that want their connection upgraded: answered like any other, and the route may take the socket. */
function serveSockets(server: Server, answer: Answer): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    socket.on("error", () => {}); // "close" follows
    const gone = new AbortController();
    socket.once("close", () => gone.abort());
    let accepted: AcceptSocket | null = null;
    void answer(requestOf(incoming), {
      peer: addressOf(incoming),
      signal: gone.signal,
      upgrade(accept) {
        if (incoming.headers.upgrade?.toLowerCase() !== "websocket") return null;
        accepted = accept;
        return new Response();
      },
    }).then(async (response) => {
      if (accepted === null) return refuse(socket, response.status, await response.text());
      sockets.handleUpgrade(
        incoming,
        socket,
        head as Parameters<WebSocketServer["handleUpgrade"]>[2],
        (ws) => {
          carry(ws, accepted!);
        },
      );
    });
  });
}

function requestOf(incoming: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return new Request(new URL(incoming.url ?? "/", "http://localhost"), { headers });
}

function refuse(socket: Duplex, status: number, body: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\n` +
      `Content-Type: application/problem+json\r\nContent-Length: ${
        new TextEncoder().encode(body).length
      }\r\n\r\n${body}`,
  );
}

function carry(ws: WebSocket, accept: AcceptSocket): void {
  ws.binaryType = "nodebuffer";
  ws.on("error", () => {}); // "close" follows
  const events = accept({
    send: (bytes) => ws.send(bytes, { binary: true }),
    bufferedAmount: () => ws.bufferedAmount,
    close: (code, reason) => ws.close(code, reason),
  });
  ws.on("message", (data) => events.received(bytesOfMessage(data as Uint8Array)));
  ws.on("close", () => events.closed());
}
