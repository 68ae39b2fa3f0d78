// Socket activation as systemd does it: the service manager has bound the sockets already and hands them over as
// descriptors 3, 4 and so on. The variables are those of sd_listen_fds(3): LISTEN_PID says whom they are meant for,
// LISTEN_FDS how many there are, LISTEN_FDNAMES what they are called, with colons between.
//
// Invariant: afterwards the variables are gone, so that nothing started later takes them for its own.
import { statSync } from "node:fs";
import { EXIT_SOCKET } from "./exit_codes.ts";
import type { Options } from "./options.ts";
import { type StartProblem, startProblem } from "./start_problem.ts";

/** The first descriptor that is handed over, by convention. */
export const FIRST_INHERITED_DESCRIPTOR = 3;

/** One of them; its name is that of its unit, if the service manager told it. */
export interface InheritedSocket {
  readonly fd: number;
  readonly name: string | null;
}

export type Activation =
  | { readonly kind: "none" }
  | {
    readonly kind: "inherited";
    readonly sockets: readonly InheritedSocket[];
    readonly warnings: readonly string[];
  }
  | StartProblem;

const VARIABLES = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"] as const;
const POSITIVE = /^[1-9]\d*$/;
/** More than this is a mistake. */
const MOST_SOCKETS = 1000;

/**
 * Takes over the inherited sockets when the variables in `env` are meant for `pid`, and removes them from `env`.
 *
 * Only what is no socket at all is refused here; whether it is a stream that can listen is told by listening on it,
 * and that failure leaves with EXIT_SOCKET too.
 */
export function takeActivation(
  options: Pick<Options, "listenGiven" | "portGiven">,
  env: Record<string, string | undefined>,
  pid: number,
  isSocket: (fd: number) => boolean = descriptorIsSocket,
): Activation {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  for (const name of VARIABLES) delete env[name];
  if (LISTEN_PID === undefined || LISTEN_FDS === undefined) return { kind: "none" };
  if (!POSITIVE.test(LISTEN_PID)) {
    return refused(`LISTEN_PID: expected a process id, got ${JSON.stringify(LISTEN_PID)}`);
  }
  if (Number(LISTEN_PID) !== pid) return { kind: "none" };
  if (!POSITIVE.test(LISTEN_FDS) || Number(LISTEN_FDS) > MOST_SOCKETS) {
    return refused(
      `LISTEN_FDS: expected a number of descriptors, 1 to ${MOST_SOCKETS}, got ${JSON.stringify(LISTEN_FDS)}`,
    );
  }
  const names = LISTEN_FDNAMES?.split(":") ?? [];
  const sockets = Array.from({ length: Number(LISTEN_FDS) }, (_, i) => ({
    fd: FIRST_INHERITED_DESCRIPTOR + i,
    name: names[i] || null,
  }));
  const other = sockets.find(({ fd }) => !isSocket(fd));
  if (other !== undefined) {
    return refused(`the inherited descriptor ${other.fd} is no TCP or unix socket that listens`);
  }
  const warnings: string[] = [];
  if (options.listenGiven) warnings.push("listening on inherited sockets; -l is ignored");
  if (options.portGiven) warnings.push("listening on inherited sockets; -p is ignored");
  return { kind: "inherited", sockets, warnings };
}

function refused(problem: string): StartProblem {
  return startProblem(EXIT_SOCKET, problem);
}

/** True for an open socket; true as well where there is no /proc to ask. */
function descriptorIsSocket(fd: number): boolean {
  try {
    // Not fstat: on Deno a number is a resource of its own, not the process's descriptor.
    return statSync(`/proc/self/fd/${fd}`).isSocket();
  } catch {
    return !statSync("/proc/self/fd", { throwIfNoEntry: false });
  }
}
