// The C library through Deno.dlopen.

import process from "node:process";
import { type ArgumentKind, type Libc, type LibcFunctions, libraryNames, SIGNATURES } from "./libc.ts";

// The parts of Deno's interface that are used here, so that the project checks the same with any runtime's types.
interface DenoSymbol {
  name?: string;
  parameters: string[];
  result: string;
  nonblocking?: boolean;
}

interface DenoRuntime {
  dlopen(library: string, symbols: Record<string, DenoSymbol>): { symbols: Record<string, unknown> };
  UnsafePointerView: new (pointer: unknown) => { getInt32(): number };
}

const TYPES: Readonly<Record<ArgumentKind, string>> = { int: "i32", size: "usize", bytes: "buffer" };
const POLLIN = 1;

/** Binds the library. Throws when it cannot be had, or without the permission for it (--allow-ffi). */
export function openDenoLibc(): Libc {
  const { Deno } = globalThis as unknown as { Deno: DenoRuntime };
  const symbols: Record<string, DenoSymbol> = {
    __errno_location: { parameters: [], result: "pointer" },
    // Made by a thread of Deno's pool.
    poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  };
  for (const [name, kinds] of Object.entries(SIGNATURES)) {
    symbols[name] = { parameters: kinds.map((kind) => TYPES[kind]), result: "i32" };
  }
  const bound = openAny(Deno, symbols);
  const errnoView = new Deno.UnsafePointerView((bound.__errno_location as () => unknown)());
  const poll = bound.poll as (polled: Uint8Array, count: number, timeoutMs: number) => Promise<number>;
  return {
    ...(bound as unknown as LibcFunctions),
    errno: () => errnoView.getInt32(),
    whenReadable(fd, callback) {
      // struct pollfd: descriptor, asked, answered
      const polled = new Uint8Array(new Int32Array([fd, POLLIN]).buffer);
      poll(polled, 1, -1).then(callback);
    },
  };
}

function openAny(Deno: DenoRuntime, symbols: Record<string, DenoSymbol>): Record<string, unknown> {
  let failure: unknown;
  for (const name of libraryNames(process.arch)) {
    try {
      return Deno.dlopen(name, symbols).symbols;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
