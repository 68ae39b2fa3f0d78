// A client socket for the load generator: Bun's own where there is one, else node:net. What is received is
// lent until the callback returns, from a buffer shared by all sockets where the runtime lets us.
import net from "node:net";
import { Buffer } from "node:buffer";

export interface SocketEvents {
  received(bytes: Uint8Array, length: number): void;
  /** After `write` took less than it was given: it may be given more. */
  writable(): void;
  lost(why: string): void;
}

export interface LoadSocket {
  /**
   * Hands over bytes and returns how many were taken. With `reused` the caller will overwrite them, so what the
   * kernel does not take at once is copied (or left to the caller).
   */
  write(bytes: Uint8Array, offset: number, length: number, reused: boolean): number;
  close(): void;
}

export type OpenSocket = (host: string, port: number, events: SocketEvents) => Promise<LoadSocket>;

// As much of Bun's socket interface as is used here.
interface BunSocket {
  data: SocketEvents;
  write(bytes: Uint8Array, offset: number, length: number): number;
  setNoDelay(on: boolean): void;
  end(): void;
}
interface BunRuntime {
  connect(options: object): Promise<BunSocket>;
}

const READ_BUFFER_BYTES = 262_144;

/** How sockets are opened on this runtime. */
export function socketOpener(): OpenSocket {
  const bun = (globalThis as { Bun?: BunRuntime }).Bun;
  return bun ? openWithBun(bun) : openWithNode();
}

function openWithBun(bun: BunRuntime): OpenSocket {
  const socket = {
    data: (peer: BunSocket, bytes: Uint8Array) => peer.data.received(bytes, bytes.length),
    drain: (peer: BunSocket) => peer.data.writable(),
    close: (peer: BunSocket) => peer.data.lost("closed"),
    error: (peer: BunSocket, error: Error) => peer.data.lost(error.message),
  };
  return async (hostname, port, events) => {
    const peer = await bun.connect({ hostname, port, data: events, socket });
    peer.setNoDelay(true);
    return {
      // Less than nothing is returned by a closed socket, whose loss is reported by itself.
      write: (bytes, offset, length) => Math.max(0, peer.write(bytes, offset, length)),
      close: () => peer.end(),
    };
  };
}

function openWithNode(): OpenSocket {
  const shared = Buffer.alloc(READ_BUFFER_BYTES);
  return (host, port, events) =>
    new Promise((resolve, reject) => {
      const callback = (length: number): boolean => {
        events.received(shared, length);
        return true;
      };
      const peer = net.connect({ host, port, noDelay: true, onread: { buffer: shared, callback } });
      peer.once("error", reject);
      peer.once("connect", () => {
        peer.removeListener("error", reject);
        peer.on("error", (error) => events.lost(error.message));
        peer.on("close", () => events.lost("closed"));
        resolve({
          write(bytes, offset, length, reused) {
            const part = bytes.subarray(offset, offset + length);
            peer.write(reused ? Buffer.from(part) : part);
            return length;
          },
          close: () => peer.destroy(),
        });
      });
    });
}
