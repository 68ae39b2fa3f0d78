// What the system's refusals mean for a log, and what to do about them.

/** By the system's own name of an error. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space",
  EDQUOT: "the disk quota is used up; raise it or free some space",
  EACCES: "the directory and its files must be readable and writable for the user of this process",
  EPERM: "the directory and its files must belong to the user of this process",
  EROFS: "the file system is mounted read-only",
  EMFILE: "this process has no file descriptors left; raise its limit of open files (ulimit -n)",
  ENFILE: "this machine has no file descriptors left; raise fs.file-max",
  EIO: "the disk failed; look into the system's log before you start again",
  ENOENT: "something was removed while it was in use, or the directory is not there",
};

/** The error's own words, with what to do where that is known. */
export function explainSystemError(error: Error): string {
  const { code } = error as { code?: string };
  const remedy = code === undefined ? undefined : REMEDIES[code];
  return remedy === undefined ? error.message : `${error.message} (${remedy})`;
}
