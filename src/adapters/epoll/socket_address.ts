// struct sockaddr of Linux, to and fro.

import { isIPv4 } from "node:net";
import os from "node:os";
import { AF_INET, AF_INET6, AF_UNIX } from "./libc.ts";

export interface SocketAddress {
  readonly family: number;
  /** The struct. */
  readonly bytes: Uint8Array;
}

/** The largest struct: that of a Unix socket. */
export const SOCKET_ADDRESS_BYTES = 110;
const UNIX_PATH_AT = 2;

/** Of a TCP address; `ip` is numeric, perhaps with an interface behind a percent sign. */
export function tcpAddress(ip: string, port: number): SocketAddress {
  const family = isIPv4(ip) ? AF_INET : AF_INET6;
  const bytes = new Uint8Array(family === AF_INET ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port); // these are big-endian
  if (family === AF_INET) bytes.set(ip.split(".").map(Number), 4);
  else {
    const [address, zone] = ip.split("%");
    groupsOf(address).forEach((group, i) => view.setUint16(8 + 2 * i, group));
    view.setUint32(24, zone === undefined ? 0 : scopeOf(zone), true);
  }
  return { family, bytes };
}

/** Of a Unix socket. Throws when the path is too long. */
export function unixAddress(path: string): SocketAddress {
  const text = new TextEncoder().encode(path);
  if (UNIX_PATH_AT + text.length >= SOCKET_ADDRESS_BYTES) throw new Error(`the path is too long: ${path}`);
  const bytes = new Uint8Array(UNIX_PATH_AT + text.length + 1);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(text, UNIX_PATH_AT);
  return { family: AF_UNIX, bytes };
}

/** Numeric address and port of a struct that is a TCP address. */
export function readTcpAddress(bytes: Uint8Array): { ip: string; port: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const port = view.getUint16(2);
  if (view.getUint16(0, true) === AF_INET) return { ip: bytes.subarray(4, 8).join("."), port };
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + 2 * i).toString(16));
  return { ip: canonical(groups.join(":")), port };
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [before, after] = canonical(address).split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = after === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...new Array(zeros).fill("0"), ...(after ?? [])].map((group) => parseInt(group, 16));
}

/** In its one shortest spelling, as URLs have it. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function scopeOf(zone: string): number {
  const known = os.networkInterfaces()[zone]?.find((one) => one.family === "IPv6");
  return known?.family === "IPv6" ? known.scopeid : Number(zone);
}
