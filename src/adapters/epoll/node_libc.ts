// The C library through node:ffi, which Node has from version 26 on and calls experimental.

import process from "node:process";
import { setImmediate } from "node:timers";
import { type ArgumentKind, type Libc, type LibcFunctions, libraryNames, SIGNATURES } from "./libc.ts";

// The parts of Node's interface that are used here; older type packages do not know it.
interface NodeFfi {
  DynamicLibrary: new (name: string | null) => NodeLibrary;
  getCurrentEventLoop(): bigint;
  getInt32(pointer: bigint): number;
}

interface NodeLibrary {
  getFunction(name: string, signature: Signature): (...values: unknown[]) => unknown;
  registerCallback(signature: Signature, callback: () => void): bigint;
}

/** The functions that take a size, as Node has them. */
interface SizedCalls {
  recv(fd: number, into: Uint8Array, bytes: bigint, flags: number): number;
  send(fd: number, from: Uint8Array, bytes: bigint, flags: number): number;
}

interface Signature {
  readonly arguments: readonly string[];
  readonly return: string;
}

// A size is 64 bits wide. As uint32 it would be quicker and nearly always right, but Node (26) does not clear the other half.
const TYPES: Readonly<Record<ArgumentKind, string>> = { int: "int32", size: "uint64", bytes: "buffer" };
const UV_POLL = 8;
const UV_READABLE = 1;

/** Binds the library. Rejects where Node has no node:ffi. */
export async function openNodeLibc(): Promise<Libc> {
  const module = "node:ffi";
  const ffi = (await import(module).catch(() => {
    throw new Error(`Node ${process.versions.node} has no node:ffi, or it is switched off`);
  })) as NodeFfi;
  const library = openAny(ffi);
  const functions = Object.fromEntries(
    Object.entries(SIGNATURES).map(([name, kinds]) => {
      return [
        name,
        library.getFunction(name, { arguments: kinds.map((kind) => TYPES[kind]), return: "int32" }),
      ];
    }),
  ) as unknown as LibcFunctions;
  const { recv, send } = functions as unknown as SizedCalls;
  const errnoAt = library.getFunction("__errno_location", { arguments: [], return: "pointer" })() as bigint;
  return {
    ...functions,
    recv: (fd, into, bytes, flags) => recv(fd, into, BigInt(bytes), flags),
    send: (fd, from, bytes, flags) => send(fd, from, BigInt(bytes), flags),
    errno: () => ffi.getInt32(errnoAt),
    whenReadable: readableWatch(ffi),
  };
}

/** libuv, which is part of Node's executable, watches any descriptor for its event loop; here one for good. */
function readableWatch(ffi: NodeFfi): Libc["whenReadable"] {
  const uv = new ffi.DynamicLibrary(null);
  const bind = (name: string, ...types: string[]) =>
    uv.getFunction(name, { arguments: types, return: "int32" });
  const start = bind("uv_poll_start", "buffer", "int32", "pointer");
  const stop = bind("uv_poll_stop", "buffer");
  const handle = new Uint8Array(bind("uv_handle_size", "int32")(UV_POLL) as number);
  let callback = (): void => {};
  const ready = uv.registerCallback({ arguments: ["pointer", "int32", "int32"], return: "void" }, () => {
    stop(handle);
    setImmediate(callback); // Node does not know that a callback runs: no promise would go on after it
  });
  let watched = -1;
  return (fd, call) => {
    if (watched < 0) {
      bind("uv_poll_init", "pointer", "buffer", "int32")(ffi.getCurrentEventLoop(), handle, fd);
    } else if (watched !== fd) throw new Error("one descriptor is watched, always the same");
    watched = fd;
    callback = call;
    start(handle, UV_READABLE, ready);
  };
}

function openAny(ffi: NodeFfi): NodeLibrary {
  let failure: unknown;
  for (const name of libraryNames(process.arch)) {
    try {
      return new ffi.DynamicLibrary(name);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
