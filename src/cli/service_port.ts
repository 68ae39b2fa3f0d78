// Service names for -p: the TCP ports listed in /etc/services.
import { readFileSync } from "node:fs";

/** The TCP port of this name or alias in a text laid out like /etc/services; null when it is not listed. */
export function findServicePort(name: string, services: string): number | null {
  for (const line of services.split("\n")) {
    const [official, address = "", ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    const [port, protocol] = address.split("/");
    if (protocol === "tcp" && (official === name || aliases.includes(name))) return Number(port);
  }
  return null;
}

/** The same, from this machine's list; null too where there is no such list. */
export function systemServicePort(name: string): number | null {
  try {
    return findServicePort(name, readFileSync("/etc/services", "utf8"));
  } catch {
    return null;
  }
}
