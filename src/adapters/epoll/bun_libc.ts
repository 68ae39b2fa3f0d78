// The C library through bun:ffi.

import process from "node:process";
import {
  type ArgumentKind,
  F_DUPFD_CLOEXEC,
  type Libc,
  type LibcFunctions,
  libraryNames,
  SIGNATURES,
} from "./libc.ts";

// The parts of Bun's interface that are used here; Bun's own types are not needed to check this project.
interface BunFfi {
  dlopen(
    library: string,
    symbols: Record<string, { args: string[]; returns: string }>,
  ): { symbols: Record<string, unknown> };
  read: { i32(pointer: number): number };
}

interface BunRuntime {
  connect(options: { fd: number; socket: Record<string, () => void> }): Promise<unknown>;
}

/** How long to wait for a descriptor when they have run out. */
const RETRY_MS = 10;

const TYPES: Readonly<Record<ArgumentKind, string>> = { int: "i32", size: "usize", bytes: "ptr" };

/** Binds the library. Rejects when it cannot be had. */
export async function openBunLibc(): Promise<Libc> {
  const { Bun } = globalThis as unknown as { Bun: BunRuntime };
  const module = "bun:ffi"; // not known to the other runtimes' type checkers
  const { dlopen, read } = (await import(module)) as BunFfi;
  const symbols = Object.fromEntries(
    Object.entries(SIGNATURES).map((
      [name, kinds],
    ) => [name, { args: kinds.map((kind) => TYPES[kind]), returns: "i32" }]),
  );
  const bound = openAny(dlopen, { ...symbols, __errno_location: { args: [], returns: "ptr" } });
  const errnoAt = (bound.__errno_location as () => number)();
  const libc = bound as unknown as LibcFunctions;
  return {
    ...libc,
    errno: () => read.i32(errnoAt),
    /**
     * Bun watches descriptors for sockets only. What is handed to it here is none, so that its read fails as soon as
     * there is something to read, and the "socket" (a duplicate, which Bun then closes) is closed: that is the call.
     */
    whenReadable(fd, callback) {
      const nothing = (): void => {};
      // In a microtask, since Bun would keep what is thrown in the callback from ending the process.
      const close = (): void => queueMicrotask(callback);
      const socket = { open: nothing, data: nothing, drain: nothing, error: nothing, close };
      const duplicate = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0);
      // No descriptor is left for it: look again soon.
      Bun.connect({ fd: duplicate, socket }).catch(() => setTimeout(callback, RETRY_MS));
    },
  };
}

function openAny(
  dlopen: BunFfi["dlopen"],
  symbols: Record<string, { args: string[]; returns: string }>,
): Record<string, unknown> {
  let failure: unknown;
  for (const name of libraryNames(process.arch)) {
    try {
      return dlopen(name, symbols).symbols;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
