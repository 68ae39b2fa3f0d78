// The listeners of --listen-as: for clients that know nothing of tokens. Whoever reaches one is who it says.

import { chmodSync } from "node:fs";
import process from "node:process";
import type { Address, Listen, Listener } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Server } from "../server/server.ts";
import { EXIT_SOCKET } from "./exit_codes.ts";
import type { ListenAs } from "./options.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { prepareUnixSocket } from "./unix_socket.ts";

/** Opens them in order. When one cannot be had, none stays open. */
export async function openFurther(
  wanted: readonly ListenAs[],
  listenFor: (address: Address) => Listen,
  server: Server,
): Promise<Listener[] | StartProblem> {
  const listeners: Listener[] = [];
  for (const each of wanted) {
    const opened = await open(each, listenFor(each.address), server);
    if (!("problem" in opened)) listeners.push(opened);
    else {
      for (const listener of listeners) listener.close();
      return opened;
    }
  }
  return listeners;
}

async function open(
  { identity, address, mode }: ListenAs,
  listen: Listen,
  server: Server,
): Promise<Listener | StartProblem> {
  const socket = address.kind === "unix" ? await prepareUnixSocket(address.path) : null;
  if (socket?.kind === "problem") return socket;
  // Nobody else may connect in the moment before the permissions are set.
  const umask = socket === null ? null : process.umask(0o177);
  try {
    const listener = await listen(address, (transport) => {
      return server.acceptAs(address.kind, transport, server.gate!.access.named(identity));
    }, server.refusals);
    socket?.bound();
    if (address.kind === "unix") chmodSync(address.path, mode);
    const close = (): void => {
      listener.close();
      socket?.cleanup();
    };
    return { address: listener.address, close };
  } catch (error) {
    return startProblem(EXIT_SOCKET, `cannot listen on ${describeAddress(address)}: ${reasonOf(error)}`);
  } finally {
    if (umask !== null) process.umask(umask);
  }
}
