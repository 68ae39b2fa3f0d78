// How a request becomes a WebSocket (RFC 6455, section 4).

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { RequestHead } from "../http1/request_head.ts";

/** The only version there is. */
export const WEB_SOCKET_VERSION = "13";
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The key of a request for a WebSocket, as it is answered; null when the request is none, or not a good one. */
export function acceptKeyOf(head: RequestHead): string | null {
  const value = (name: string): string =>
    head.headers.filter(([other]) => other === name).map(([, text]) => text).join(",");
  const options = (name: string): string[] => value(name).toLowerCase().split(",").map((text) => text.trim());
  const key = value("sec-websocket-key");
  const isOne = head.method === "GET" && head.takesChunks && head.body.kind === "none" &&
    options("upgrade").includes("websocket") && options("connection").includes("upgrade") &&
    value("sec-websocket-version") === WEB_SOCKET_VERSION && /^[A-Za-z0-9+/]{22}==$/.test(key);
  return isOne ? createHash("sha1").update(key + GUID).digest("base64") : null;
}

/** The answer that makes the connection a WebSocket: without extensions, so that no frame grows when it is read. */
export function switchingAnswer(acceptKey: string): Buffer {
  return Buffer.from(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${acceptKey}\r\n\r\n`,
    "latin1",
  );
}
