// -u USER: gives up root for good once the socket is bound and before the binlog is opened.
//
// Invariant: after "changed" the process has the user's id, group and supplementary groups and nothing of root's; the
// reference keeps root's supplementary groups, which often open devices and log files.
import process from "node:process";
import { EXIT_UNKNOWN_USER, EXIT_USER_CHANGE, EXIT_USER_LOOKUP } from "./exit_codes.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { lookUpUser, type User } from "./user_database.ts";

/** Becomes the user. A problem means that the process must not go on: it may have changed half. */
export function becomeUser(name: string): { readonly kind: "changed" } | StartProblem {
  let user: User | null;
  try {
    user = lookUpUser(name);
  } catch (error) {
    return startProblem(
      EXIT_USER_LOOKUP,
      `-u: cannot look up the user ${JSON.stringify(name)}: ${reasonOf(error)}`,
    );
  }
  if (!user) return startProblem(EXIT_UNKNOWN_USER, `-u: there is no user ${JSON.stringify(name)}`);
  try {
    changeTo(user);
  } catch (error) {
    return startProblem(
      EXIT_USER_CHANGE,
      `-u: cannot become the user ${JSON.stringify(name)}: ${reasonOf(error)}`,
    );
  }
  return { kind: "changed" };
}

function changeTo({ name, uid, gid }: User): void {
  const { setgid, setuid } = process;
  if (!setgid || !setuid) throw new Error("this runtime cannot change the user");
  // Somebody who is no root and already that user has nothing to give up, and could not set the groups anyway.
  if (uid !== 0 && isUser(uid, gid)) return;
  // The order matters: only root may set groups, so the user id goes last.
  resetGroups(name, gid);
  setgid.call(process, gid);
  setuid.call(process, uid);
  if (!isUser(uid, gid)) throw new Error("the change had no effect");
}

function isUser(uid: number, gid: number): boolean {
  return process.getuid?.() === uid && process.geteuid?.() === uid && process.getgid?.() === gid;
}

/** Replaces the supplementary groups by those of the user. */
function resetGroups(name: string, gid: number): void {
  const { initgroups } = process as { initgroups?: (name: string, gid: number) => void };
  if (initgroups) initgroups.call(process, name, gid);
  else if (typeof Deno !== "undefined") initgroupsOfLibc(name, gid);
  else throw new Error("this runtime cannot reset the supplementary groups");
}

const LIBC_NAMES = ["libc.so.6", "libSystem.dylib", "libc.so"];

/** Deno's node:process lacks initgroups (2.9), so the C library is asked directly. */
function initgroupsOfLibc(name: string, gid: number): void {
  const libc = openLibc();
  try {
    const cName = new TextEncoder().encode(`${name}\0`);
    if (libc.symbols.initgroups(cName, gid) !== 0) throw new Error("initgroups was refused");
  } finally {
    libc.close();
  }
}

const LIBC_SYMBOLS = { initgroups: { parameters: ["buffer", "u32"], result: "i32" } } as const;

function openLibc(): Deno.DynamicLibrary<typeof LIBC_SYMBOLS> {
  for (const file of LIBC_NAMES) {
    try {
      return Deno.dlopen(file, LIBC_SYMBOLS);
    } catch (error) {
      if (file === LIBC_NAMES.at(-1)) throw error;
    }
  }
  throw new Error("no C library was found");
}
