// The protocol over a WebSocket, for tests: a client, and a bridge by which clients that know only TCP come to it.

import net from "node:net";

/** Opens a WebSocket. Rejects when it cannot be had. */
export function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error(`${url} cannot be had`));
  });
}

export interface Bridge {
  readonly port: number;
  close(): void;
}

/** A TCP port whose connections each become a WebSocket; what comes is cut in pieces of `pieceBytes`. */
export function openBridge(url: string, pieceBytes: number): Promise<Bridge> {
  const server = net.createServer(async (connection) => {
    connection.on("error", () => {});
    connection.pause();
    const socket = await openSocket(url);
    socket.onmessage = ({ data }) => connection.write(new Uint8Array(data));
    socket.onclose = () => connection.destroy();
    connection.on("data", (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        socket.send(new Uint8Array(bytes.subarray(at, at + pieceBytes)));
      }
    });
    connection.on("close", () => socket.close());
    connection.resume();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ port: (server.address() as net.AddressInfo).port, close: () => void server.close() });
    });
  });
}
