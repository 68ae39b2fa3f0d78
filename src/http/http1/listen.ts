// Opens an HTTP port, with or without TLS.

import net from "node:net";
import type { ListenSecure } from "./answer.ts";
import type { HttpServer } from "./http_server.ts";

const BACKLOG = 1024;

export interface HttpListener {
  /** The port it really has. */
  readonly port: number;
  /** Accepts no more, and ends the connections that are there. */
  close(): void;
}

/** Listens for a server; `mostHandshakes` of TLS may be under way at once. Rejects when the address cannot be had. */
export async function listenHttp(
  server: HttpServer,
  host: string,
  port: number,
  secure: ListenSecure | null,
  mostHandshakes: number,
): Promise<HttpListener> {
  if (secure === null) return await listenPlain(server, host, port);
  const listener = await secure(
    { kind: "tcp", host, port },
    (socket) => server.take(socket),
    mostHandshakes,
    server.report,
  );
  const { address } = listener;
  return {
    port: address.kind === "tcp" ? address.port : port,
    close(): void {
      listener.close();
      server.close();
    },
  };
}

function listenPlain(server: HttpServer, host: string, port: number): Promise<HttpListener> {
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    server.take(socket);
  });
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ host, port, backlog: BACKLOG }, () => {
      listener.removeListener("error", reject);
      // Out of descriptors, most likely: connections that are there go on.
      listener.on("error", () => server.report("descriptors", null));
      resolve({
        port: (listener.address() as net.AddressInfo).port,
        close(): void {
          listener.close();
          server.close();
        },
      });
    });
  });
}
