// What the file binlog needs of a file system: one directory of files with plain names. All methods but `syncLater` block
// and throw the system's own error; its `code` is the system's name for it (ENOSPC, EIO, ...).

/** Directory of a log. */
export interface Files {
  /** How messages name the directory. */
  readonly path: string;
  /** Takes the directory for this object until it is released or the process ends. False: somebody else has it. */
  lock(): boolean;
  /** After a lock in vain: that somebody is in this process. */
  readonly isLockedHere?: boolean;
  /** Gives the lock back and closes whatever is open. */
  release(): void;
  /** Names of the files in it, in no order. */
  list(): string[];
  open(name: string, mode: FileMode): OpenFile;
  /** Gives a file another name, in the place of whatever had it. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Makes creations, renamings and removals durable. */
  syncDirectory(): void;
  /** CRC-32 (IEEE) of the bytes, going on from `seed`: the checksum of what came before, or 0. */
  checksum(bytes: Uint8Array, seed: number): number;
}

/** `create`: to be read and written; it must not be there yet. */
export type FileMode = "read" | "write" | "create";

export interface OpenFile {
  readonly size: number;
  /** Fills the buffer from a position of the file; answers how many bytes there were. */
  read(into: Uint8Array, position: number): number;
  /** Writes all of the pieces, one after the other, from a position on. */
  write(pieces: readonly Uint8Array[], position: number): void;
  truncate(size: number): void;
  /** Makes what was written durable. After a failure nothing more may be assumed of the file. */
  sync(): void;
  /** The same beside the event loop: covers all that was written before this call. */
  syncLater(done: (error: Error | null) => void): void;
  /** Nothing is done with it any more, but that syncs under way come to their end. */
  close(): void;
}
