// Sends as much as the other side takes, without piling it up in this process.
import type { WireClient } from "../support/wire_client.ts";

/** Bytes that may lie unsent in this process before pouring waits. */
const UNSENT_LIMIT = 256 * 1024;
const STUCK_MS = 1000;

/**
 * Writes what `next` gives until it gives nothing. Resolves with the number of bytes written; sooner when the server
 * closed, or took nothing more for a second.
 */
export async function pour(
  client: WireClient,
  next: (poured: number) => Uint8Array | undefined,
): Promise<number> {
  const { socket } = client;
  let poured = 0;
  for (;;) {
    const chunk = client.ended ? undefined : next(poured);
    if (!chunk) return poured;
    socket.write(chunk);
    poured += chunk.length;
    if (socket.writableLength < UNSENT_LIMIT) continue;
    if (!(await drained(client))) return poured;
  }
}

function drained(client: WireClient): Promise<boolean> {
  return new Promise((resolve) => {
    const { socket } = client;
    const finish = (moved: boolean) => {
      clearTimeout(timer);
      socket.removeListener("drain", onDrain);
      socket.removeListener("close", onClose);
      resolve(moved);
    };
    const onDrain = () => finish(true);
    const onClose = () => finish(false);
    const timer = setTimeout(() => finish(false), STUCK_MS);
    socket.once("drain", onDrain).once("close", onClose);
  });
}
