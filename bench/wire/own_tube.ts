// Opens a load's connection in a tube of its own: uses and watches the tube, leaves the default one, and only
// then lets the load have the socket.
import { Buffer } from "node:buffer";
import type { LoadSocket, OpenSocket, SocketEvents } from "./load_socket.ts";

export async function useOwnTube(
  open: OpenSocket,
  host: string,
  port: number,
  tube: string,
  load: SocketEvents,
): Promise<LoadSocket> {
  const setUp = Buffer.from(`use ${tube}\r\nwatch ${tube}\r\nignore default\r\n`, "latin1");
  const wanted = `USING ${tube}\r\nWATCHING 2\r\nWATCHING 1\r\n`;
  let answered = "";
  let ready = (): void => {};
  let refused = (_why: Error): void => {};
  const settled = new Promise<void>((resolve, reject) => {
    ready = resolve;
    refused = reject;
  });
  const socket = await open(host, port, {
    received(bytes, length) {
      if (answered.length === wanted.length) return load.received(bytes, length);
      answered += Buffer.from(bytes.subarray(0, length)).toString("latin1");
      if (answered === wanted) ready();
      else if (!wanted.startsWith(answered)) {
        refused(new Error(`choosing a tube: ${JSON.stringify(answered)}`));
      }
    },
    writable: () => load.writable(),
    lost(why) {
      refused(new Error(why));
      load.lost(why);
    },
  });
  socket.write(setUp, 0, setUp.length, true);
  await settled;
  return socket;
}
