// The text protocol over a WebSocket.

import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { WEB_SOCKET_VERSION } from "../websocket/handshake.ts";
import { carryWire } from "../wire_socket.ts";

export const wireRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/wire",
    scope: "known",
    tube: "any",
    summary: "A WebSocket that carries the text protocol as a stream of bytes",
    contentType: "application/octet-stream",
    problems: [401, 426, 501],
  }, ({ context, peer, identity, upgrade }) => {
    const { server } = context;
    if (server === null) throw new Problem(501, "this server is elsewhere: connect to it");
    const response = upgrade((socket) => carryWire(server, socket, peer, identity));
    if (response === null) {
      throw new Problem(426, "a WebSocket is expected", {
        headers: { upgrade: "websocket", "sec-websocket-version": WEB_SOCKET_VERSION },
      });
    }
    return Promise.resolve(response);
  }),
];
