// Opens one listener of the text protocol: resolves its host, makes room for a Unix socket, and says what went wrong.
//
// Invariant: the address of an opened listener is the one that its socket is bound to, so that all that is judged by it (who
// can reach it, what is announced) is judged rightly.

import { chmodSync } from "node:fs";
import process from "node:process";
import type { Accept, Address, Listen, Listener } from "../ports/transport.ts";
import { inheritedAddress } from "./inherited_address.ts";
import { listenFailure } from "./listen_failure.ts";
import { resolveHost } from "./resolve_host.ts";
import type { StartProblem } from "./start_problem.ts";
import { prepareUnixSocket } from "./unix_socket.ts";

/** What is asked for. */
export interface ListenRequest {
  /** What asks, for messages: a flag, or a variable. */
  readonly flag: string;
  readonly address: Address;
  /** Permissions of a Unix socket; null: what the umask leaves. */
  readonly mode: number | null;
}

/** A listener, and what its user should be told. Closing it removes its Unix socket too. */
export interface OpenedListener extends Listener {
  readonly warnings: readonly string[];
}

export async function openListener(
  { flag, address, mode }: ListenRequest,
  listen: Listen,
  accept: Accept,
): Promise<OpenedListener | StartProblem> {
  if (address.kind === "unix") return await openUnix(flag, address, mode, listen, accept);
  try {
    const bound: Address = address.kind === "tcp"
      ? { ...address, host: await resolveHost(address.host) }
      : address;
    const listener = await listen(bound, accept);
    const where = address.kind === "descriptor" ? inheritedAddress(address.fd) : null;
    return { address: where ?? listener.address, warnings: [], close: () => listener.close() };
  } catch (error) {
    return listenFailure(flag, address, error);
  }
}

async function openUnix(
  flag: string,
  address: Extract<Address, { kind: "unix" }>,
  mode: number | null,
  listen: Listen,
  accept: Accept,
): Promise<OpenedListener | StartProblem> {
  const socket = await prepareUnixSocket(address.path);
  if (socket.kind === "problem") return socket;
  // Nobody else may connect in the moment before the permissions are set.
  const umask = mode === null ? null : process.umask(0o177);
  try {
    const listener = await listen(address, accept);
    socket.bound();
    if (mode !== null) chmodSync(address.path, mode);
    const close = (): void => {
      listener.close();
      socket.cleanup();
    };
    return { address: listener.address, warnings: socket.warnings, close };
  } catch (error) {
    return listenFailure(flag, address, error);
  } finally {
    if (umask !== null) process.umask(umask);
  }
}

/** Opens them in order. When one cannot be had, none stays open. */
export async function openListeners<R extends ListenRequest>(
  requests: readonly R[],
  open: (request: R) => Promise<OpenedListener | StartProblem>,
): Promise<OpenedListener[] | StartProblem> {
  const listeners: OpenedListener[] = [];
  for (const request of requests) {
    const opened = await open(request);
    if ("problem" in opened) {
      for (const listener of listeners) listener.close();
      return opened;
    }
    listeners.push(opened);
  }
  return listeners;
}
