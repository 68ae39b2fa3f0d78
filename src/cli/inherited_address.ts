// Where a listening socket that was inherited is bound, by Linux's lists of sockets: no runtime tells it of a descriptor.

import { readFileSync, readlinkSync } from "node:fs";
import { endianness } from "node:os";
import type { Address } from "../ports/transport.ts";

/** The state of a socket that listens, in /proc/net/tcp. */
const LISTENING = "0A";

/** Of this process's descriptor; null where that cannot be told. */
export function inheritedAddress(fd: number): Address | null {
  const inode = /^socket:\[(\d+)\]$/.exec(orEmpty(() => readlinkSync(`/proc/self/fd/${fd}`)))?.[1];
  if (inode === undefined) return null;
  const read = (name: string): string => orEmpty(() => readFileSync(`/proc/self/net/${name}`, "latin1"));
  return findTcp(read("tcp"), inode) ?? findTcp(read("tcp6"), inode) ?? findUnix(read("unix"), inode);
}

/** In a text laid out like /proc/net/tcp or tcp6. */
export function findTcp(table: string, inode: string): Address | null {
  for (const line of table.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields[9] !== inode || fields[3] !== LISTENING) continue;
    const [hex, port] = fields[1].split(":");
    return { kind: "tcp", host: hostOf(hex), port: parseInt(port, 16) };
  }
  return null;
}

/** In a text laid out like /proc/net/unix. A socket without a path has no address. */
export function findUnix(table: string, inode: string): Address | null {
  for (const line of table.split("\n")) {
    const fields = /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (.+)$/.exec(line);
    if (fields?.[1] === inode) return { kind: "unix", path: fields[2] };
  }
  return null;
}

/** The kernel prints words of 32 bits in the machine's own order of bytes. */
function hostOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const inOrder = (word.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
    return endianness() === "LE" ? inOrder.reverse() : inOrder;
  });
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
