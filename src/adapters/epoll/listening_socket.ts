// Makes a socket that listens.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import os from "node:os";
import type { Address } from "../../ports/transport.ts";
import * as c from "./libc.ts";
import type { Libc } from "./libc.ts";
import { readTcpAddress, SOCKET_ADDRESS_BYTES, tcpAddress, unixAddress } from "./socket_address.ts";

const BACKLOG = 1024;
const INT_BYTES = 4;

export interface ListeningSocket {
  readonly fd: number;
  /** Where it really listens. */
  readonly address: Address;
}

/** Opens the socket of an address, or takes over the one that was inherited. Rejects when it cannot be had. */
export async function openListeningSocket(libc: Libc, address: Address): Promise<ListeningSocket> {
  if (address.kind === "descriptor") return inherited(libc, address.fd);
  const { family, bytes } = address.kind === "unix"
    ? unixAddress(address.path)
    : tcpAddress(await ipOf(address.host), address.port);
  const fd = check(libc, "socket", libc.socket(family, c.SOCK_STREAM | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, 0));
  try {
    if (address.kind === "tcp") setTcpOptions(libc, fd);
    check(libc, "bind", libc.bind(fd, bytes, bytes.length));
    check(libc, "listen", libc.listen(fd, BACKLOG));
    return { fd, address: address.kind === "tcp" ? boundTo(libc, fd) : address };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function inherited(libc: Libc, fd: number): ListeningSocket {
  const answer = new Int32Array(1);
  const bytes = new Uint8Array(new Int32Array([INT_BYTES]).buffer);
  const value = new Uint8Array(answer.buffer);
  check(libc, "getsockopt", libc.getsockopt(fd, c.SOL_SOCKET, c.SO_ACCEPTCONN, value, bytes));
  if (answer[0] === 0) throw new Error(`descriptor ${fd} does not listen`);
  check(libc, "fcntl", libc.fcntl(fd, c.F_SETFL, c.O_NONBLOCK));
  setTcpOptions(libc, fd);
  return { fd, address: { kind: "descriptor", fd } };
}

/** On Linux accepted sockets have the options of the one that listens. They do nothing to a Unix socket. */
function setTcpOptions(libc: Libc, fd: number): void {
  const on = new Uint8Array(new Int32Array([1]).buffer);
  libc.setsockopt(fd, c.SOL_SOCKET, c.SO_REUSEADDR, on, INT_BYTES);
  libc.setsockopt(fd, c.SOL_SOCKET, c.SO_KEEPALIVE, on, INT_BYTES);
  libc.setsockopt(fd, c.IPPROTO_TCP, c.TCP_NODELAY, on, INT_BYTES);
}

function boundTo(libc: Libc, fd: number): Address {
  const bytes = new Uint8Array(SOCKET_ADDRESS_BYTES);
  const length = new Uint8Array(new Int32Array([bytes.length]).buffer);
  check(libc, "getsockname", libc.getsockname(fd, bytes, length));
  const { ip, port } = readTcpAddress(bytes);
  return { kind: "tcp", host: ip, port };
}

async function ipOf(host: string): Promise<string> {
  return isIP(host) !== 0 ? host : (await lookup(host)).address;
}

/** Throws in the words of the runtimes when a call has failed. */
function check(libc: Libc, call: string, result: number): number {
  if (result >= 0) return result;
  const errno = libc.errno();
  const code = Object.entries(os.constants.errno).find(([, number]) => number === errno)?.[0] ??
    String(errno);
  throw Object.assign(new Error(`${call} ${code}`), { code, errno, syscall: call });
}
