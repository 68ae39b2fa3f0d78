// Permissions that the user of a program has to give: Deno's flags, and Node's permission model (`--permission`).

import process from "node:process";

/** Node's permission model, when it is on. */
interface NodePermission {
  has(scope: string): boolean;
}

/** A word of a message that tells the flag to start with. */
const FLAG = /--(?:allow|unstable)-[a-z-]+/;

/** The flag that is missing when an error of the platform says that a permission was not given; null for any other error. */
export function missingFlag(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (code === "EPERM" && syscall === "getaddrinfo") return "--allow-net"; // Deno, to a name
  // Deno's name for it; where Deno copies Node it may have another name, and the same sentence.
  const isRefused = error.name === "NotCapable" || code === "ERR_ACCESS_DENIED" ||
    /^Requires \S+ access\b|^Access to this API has been restricted\b/.test(error.message);
  return isRefused ? FLAG.exec(error.message)?.[0] ?? "" : null;
}

/** The part of Deno that is used here. */
interface DenoRuntime {
  readonly permissions: {
    requestSync(permission: { name: "net"; host: string }): { readonly state: string };
  };
}

/**
 * Throws what {@link missingFlag} knows when node:net may not listen: its own listen() throws that where nobody can catch it.
 * `host`: with its port; left out where the runtime's own listener is used, which throws to its caller.
 */
export function mustBeAllowedSockets(host?: string): void {
  const { Deno } = globalThis as unknown as { Deno?: DenoRuntime };
  if (Deno !== undefined && host !== undefined) {
    if (Deno.permissions.requestSync({ name: "net", host }).state === "granted") return;
    const message = `Requires net access to "${host}", run again with the --allow-net flag`;
    throw Object.assign(new Error(message), { name: "NotCapable" });
  }
  const { permission } = process as unknown as { permission?: NodePermission };
  if (permission === undefined || typeof permission.has !== "function" || permission.has("net")) return;
  const message = "Access to this API has been restricted. Use --allow-net to manage permissions.";
  throw Object.assign(new Error(message), { code: "ERR_ACCESS_DENIED" });
}
