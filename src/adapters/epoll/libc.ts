// The functions of the C library that this adapter calls, and their numbers on Linux (the same on x64 and arm64).
//
// A runtime's own foreign function interface binds them: bun_libc.ts, deno_libc.ts, node_libc.ts.

/** Each function answers what C's does: -1 for a failure, and then `errno()` says which. Null is a null pointer. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, bytes: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: Uint8Array | null, bytes: Uint8Array | null, flags: number): number;
  getsockname(fd: number, address: Uint8Array, bytes: Uint8Array): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, bytes: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, bytes: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  recv(fd: number, into: Uint8Array, bytes: number, flags: number): number;
  send(fd: number, from: Uint8Array, bytes: number, flags: number): number;
  close(fd: number): number;
  eventfd(count: number, flags: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array | null): number;
  epoll_wait(epoll: number, events: Uint8Array, count: number, timeoutMs: number): number;
  /** Why the last call failed. To be asked at once: the runtime itself calls the library too. */
  errno(): number;
  /** Calls back once when the descriptor can be read, without keeping the runtime from anything else until then. */
  whenReadable(fd: number, callback: () => void): void;
}

/** What a function takes: an int, a size_t, or a pointer to bytes. All are asked for an int. */
export type ArgumentKind = "int" | "size" | "bytes";

type FunctionName = Exclude<keyof Libc, "errno" | "whenReadable">;

export const SIGNATURES: Readonly<Record<FunctionName, readonly ArgumentKind[]>> = {
  socket: ["int", "int", "int"],
  bind: ["int", "bytes", "int"],
  listen: ["int", "int"],
  accept4: ["int", "bytes", "bytes", "int"],
  getsockname: ["int", "bytes", "bytes"],
  getsockopt: ["int", "int", "int", "bytes", "bytes"],
  setsockopt: ["int", "int", "int", "bytes", "int"],
  fcntl: ["int", "int", "int"],
  recv: ["int", "bytes", "size", "int"],
  send: ["int", "bytes", "size", "int"],
  close: ["int"],
  eventfd: ["int", "int"],
  epoll_create1: ["int"],
  epoll_ctl: ["int", "int", "int", "bytes"],
  epoll_wait: ["int", "bytes", "int", "int"],
};

/** The bound functions of the table. */
export type LibcFunctions = Pick<Libc, FunctionName>;

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_KEEPALIVE = 9;
export const SO_ACCEPTCONN = 30;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const MSG_NOSIGNAL = 0x4000;
export const F_SETFL = 4;
export const F_DUPFD_CLOEXEC = 1030;
export const O_NONBLOCK = 0o4000;
export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o2000000;
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOBUFS = 105;
export const ENOMEM = 12;

/** What the file of the library is called: with glibc, and with musl. */
export function libraryNames(arch: string): readonly string[] {
  return ["libc.so.6", `libc.musl-${arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];
}
