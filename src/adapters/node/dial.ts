// Connections by node:net and node:tls, which all three runtimes have.

import net from "node:net";
import tls from "node:tls";
import type { Dial, DialTls } from "../../ports/dial.ts";
import type { Address, Peer, Transport } from "../../ports/transport.ts";
import { NodeTransport } from "./listen.ts";

/** A client that closes has no use for what is still unsent, and must not wait for a peer that takes nothing. */
class DialledTransport extends NodeTransport {
  private readonly dialled: net.Socket;

  constructor(socket: net.Socket) {
    super(socket);
    this.dialled = socket;
  }

  override close(): void {
    this.dialled.destroy();
  }
}

type Where = { readonly path: string } | { readonly host: string; readonly port: number };

/** Opens a connection. Keep-alive is on, so that the system notices, sooner or later, a peer that is gone. */
export const dial: Dial = (address, open, signal) => {
  const connect = (where: Where): net.Socket => net.connect({ ...where, noDelay: true, keepAlive: true });
  return opened(address, connect, "connect", open, signal);
};

/** The same in TLS; the server's certificate must be good and be that of the host. */
export function dialTls({ ca, cert, key, serverName }: DialTls): Dial {
  return (address, open, signal) => {
    const host = serverName ?? (address.kind === "tcp" ? address.host : "localhost");
    // An address is no server name in the handshake; the certificate is checked against it all the same.
    const named = net.isIP(host) === 0 ? { servername: host } : {};
    const connect = (where: Where): net.Socket => {
      const socket = tls.connect({ ...where, ...named, ca, cert, key, minVersion: "TLSv1.2" });
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
      return socket;
    };
    return opened(address, connect, "secureConnect", open, signal);
  };
}

function opened(
  address: Address,
  connect: (where: Where) => net.Socket,
  event: "connect" | "secureConnect",
  open: (transport: Transport) => Peer,
  signal: AbortSignal,
): Promise<void> {
  if (address.kind === "descriptor") return Promise.reject(new Error("a descriptor cannot be dialled"));
  const where = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  return new Promise((resolve, reject) => {
    const socket = connect(where);
    const giveUp = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("error", (error) => {
      signal.removeEventListener("abort", giveUp);
      reject(error);
    });
    socket.once(event, () => {
      signal.removeEventListener("abort", giveUp);
      socket.on("error", () => {}); // "close" follows and says it
      const transport = new DialledTransport(socket);
      transport.listenTo(open(transport));
      resolve();
    });
  });
}
