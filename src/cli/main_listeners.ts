// Where the text protocol is served: what -l says, or the sockets that were handed over.

import type { Address, Listen } from "../ports/transport.ts";
import type { Activation } from "./activation.ts";
import { inheritedAddress } from "./inherited_address.ts";
import { openListener, openListeners } from "./open_listener.ts";
import type { ListenRequest, OpenedListener } from "./open_listener.ts";
import type { Options } from "./options.ts";
import type { StartProblem } from "./start_problem.ts";
import type { WaitingRoom } from "./waiting_room.ts";

/** One listener to open. */
export interface MainRequest extends ListenRequest {
  /** What will be there; null where an inherited socket does not tell. */
  readonly kind: "tcp" | "unix" | null;
}

/** What is to be opened. */
export function mainRequests(
  { listen }: Pick<Options, "listen">,
  activation: Exclude<Activation, StartProblem>,
): MainRequest[] {
  if (activation.kind === "none") {
    return listen.map((address) => ({ flag: "-l", address, mode: null, kind: address.kind }));
  }
  return activation.sockets.map(({ fd, name }) => ({
    flag: name === null ? `socket ${fd} of LISTEN_FDS` : `socket ${fd} of LISTEN_FDS (${name})`,
    address: { kind: "descriptor", fd },
    mode: null,
    kind: inheritedKind(fd),
  }));
}

/** Opens them in order; who connects waits until there is a server. When one cannot be had, none stays open. */
export function openMain(
  requests: readonly MainRequest[],
  listenFor: (kind: Address["kind"]) => Listen,
  waiting: WaitingRoom,
): Promise<OpenedListener[] | StartProblem> {
  return openListeners(requests, (request) => {
    const kind = request.kind ?? "tcp";
    return openListener(request, listenFor(kind), waiting.acceptAs(kind));
  });
}

function inheritedKind(fd: number): "tcp" | "unix" | null {
  const kind = inheritedAddress(fd)?.kind;
  return kind === "tcp" || kind === "unix" ? kind : null;
}
