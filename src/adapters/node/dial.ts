// Connections by node:net, which all three runtimes have.

import net from "node:net";
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

/** Opens a connection. Keep-alive is on, so that the system notices, sooner or later, a peer that is gone. */
export function dial(
  address: Address,
  open: (transport: Transport) => Peer,
  signal: AbortSignal,
): Promise<void> {
  if (address.kind === "descriptor") return Promise.reject(new Error("a descriptor cannot be dialled"));
  const where = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...where, noDelay: true, keepAlive: true });
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
    socket.once("connect", () => {
      signal.removeEventListener("abort", giveUp);
      socket.on("error", () => {}); // "close" follows and says it
      const transport = new DialledTransport(socket);
      transport.listenTo(open(transport));
      resolve();
    });
  });
}
