// Looks up a user for -u: first /etc/passwd, then `getent`, which also knows users from LDAP and the like.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The user of exactly this name (a number is no name) in a text laid out like /etc/passwd; null when there is none. */
export function findUser(name: string, passwd: string): User | null {
  for (const line of passwd.split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user === name && name !== "" && uid && gid) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/** The same on this machine. Throws when /etc/passwd cannot be read. */
export function lookUpUser(name: string): User | null {
  return findUser(name, readFileSync("/etc/passwd", "utf8")) ?? findUser(name, askGetent(name));
}

function askGetent(name: string): string {
  try {
    return execFileSync("getent", ["passwd", "--", name], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    // No such user, or no such program: both mean that nobody else knows the name.
    return "";
  }
}
