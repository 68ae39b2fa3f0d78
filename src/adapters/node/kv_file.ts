// The file of a Deno KV: nobody but its owner reads the jobs in it. SQLite gives its side files the same permissions.

import fs from "node:fs";

const FOR_OWNER = 0o600;
const FOR_OTHERS = 0o007;
const URL_PATTERN = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * Creates the file, empty, where there is none; nothing is done for a database elsewhere or in memory. Answers what its user
 * should be told of a file that is there: that others may read it. Trouble is left for whoever opens it.
 */
export function prepareKvFile(pathOrUrl: string): string | null {
  if (URL_PATTERN.test(pathOrUrl) || pathOrUrl === ":memory:" || pathOrUrl === "") return null;
  try {
    fs.closeSync(fs.openSync(pathOrUrl, "wx", FOR_OWNER));
    return null;
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") return null;
  }
  const stat = fs.statSync(pathOrUrl, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || (stat.mode & FOR_OTHERS) === 0) return null;
  return `--kv ${pathOrUrl} holds jobs and every user of this machine may open it: chmod 600`;
}
