// Why an address cannot be listened on: what happened, where, and what to do about it, in the same words on every runtime.

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Address } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import { EXIT_SOCKET } from "./exit_codes.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";

const NO_SUCH_ADDRESS = "this machine has no such address; take one of its own (ip address), or * for all";
/** Ports below this are for root, unless the system says otherwise. */
const FIRST_FREE_PORT = 1024;

/** `address` is the one that was asked for, `flag` what asked for it. */
export function listenFailure(flag: string, address: Address, error: unknown): StartProblem {
  const why = address.kind === "unix" ? unixReason(address.path, error) : reason(address, error);
  return startProblem(EXIT_SOCKET, `${flag}: cannot listen on ${describeAddress(address)}: ${why}`);
}

function reason(address: Address, error: unknown): string {
  const { code } = error as { code?: string };
  const port = address.kind === "tcp" ? address.port : 0;
  switch (code) {
    case "EADDRINUSE":
      return `the port is in use; stop what listens there (ss -ltnp sport = :${port}) or take another port`;
    case "EADDRNOTAVAIL":
      return NO_SUCH_ADDRESS;
    case "EACCES":
    case "EPERM":
      if (port >= FIRST_FREE_PORT || port === 0) return "permission denied by the system";
      return `ports below ${FIRST_FREE_PORT} are for root; start as root with -u USER, or take a higher port`;
    case "ENOTFOUND":
    case "EAI_NONAME":
    case "EAI_NODATA":
    case "ENODATA":
      return "there is no host of this name; correct it, or give an address";
    case "EAI_AGAIN":
    case "ETIMEOUT":
    case "ESERVFAIL":
      return "the name service does not answer; try again, or give an address";
    case "EAFNOSUPPORT":
      return "this machine does not have this kind of addresses; give an IPv4 address";
    case "EINVAL":
      // So Deno's node:net says of addresses that are not this machine's.
      if (address.kind === "tcp" && !address.host.toLowerCase().startsWith("fe80:")) return NO_SUCH_ADDRESS;
      return "the system does not take this address; one of a single link needs its interface (fe80::1%eth0)";
    case "EMFILE":
    case "ENFILE":
      return "no file descriptors are left; raise the limit of open files (ulimit -n)";
    default:
      return reasonOf(error);
  }
}

function unixReason(path: string, error: unknown): string {
  const folder = dirname(path);
  // Node says EACCES for this as well.
  if (!existsSync(folder)) return `there is no directory ${folder}; create it`;
  const { code } = error as { code?: string };
  switch (code) {
    case "EADDRINUSE":
      return "there is a file of this name; remove it or take another path";
    case "EACCES":
    case "EPERM":
      return `the directory ${folder} may not be written to by the user of this process`;
    case "EROFS":
      return `the file system of ${folder} is read-only`;
    case "EINVAL":
      return "the system does not take this path; take a shorter one";
    default:
      return reasonOf(error);
  }
}
