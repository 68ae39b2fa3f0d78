// The listeners of --listen-as: for clients that know nothing of tokens. Whoever reaches one is who it says.

import type { Address, Listen } from "../ports/transport.ts";
import type { Server } from "../server/server.ts";
import { openListener, openListeners } from "./open_listener.ts";
import type { OpenedListener } from "./open_listener.ts";
import type { ListenAs } from "./options.ts";
import type { StartProblem } from "./start_problem.ts";

/** Opens them in order. When one cannot be had, none stays open. */
export function openFurther(
  wanted: readonly ListenAs[],
  listenFor: (kind: Address["kind"]) => Listen,
  server: Server,
): Promise<OpenedListener[] | StartProblem> {
  const requests = wanted.map((each) => ({ ...each, flag: "--listen-as" }));
  return openListeners(requests, (request) => {
    const { address, identity } = request;
    return openListener(request, listenFor(address.kind), (transport) => {
      return server.acceptAs(
        address.kind === "unix" ? "unix" : "tcp",
        transport,
        server.gate!.access.named(identity),
      );
    });
  });
}
