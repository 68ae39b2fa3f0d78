// Permissions of what is created in a log's directory: for its owner alone, or for the group too where the directory
// itself is open to the group for writing.

import fs from "node:fs";

const FOR_OWNER = 0o600;
const FOR_GROUP = 0o660;
const GROUP_MAY_WRITE = 0o020;

/** Of files in this directory. Throws the system's error when that cannot be asked. */
export function fileModeIn(directory: string): number {
  return (fs.statSync(directory).mode & GROUP_MAY_WRITE) === 0 ? FOR_OWNER : FOR_GROUP;
}

/** Of a folder in this directory. */
export function folderModeIn(directory: string): number {
  return fileModeIn(directory) === FOR_GROUP ? 0o770 : 0o700;
}
