// What a file journal needs of a file system. All methods reject with the runtime's own error; `code` is the system's
// name for it (ENOSPC, EIO, ...).

export interface Files {
  /** Takes the directory for this process until it ends, however it ends. False: another process has it. */
  lock(directory: string): Promise<boolean>;
  /** Names of the files in a directory, in no order. */
  list(directory: string): Promise<string[]>;
  open(path: string, mode: "read" | "write" | "create"): Promise<OpenFile>;
  remove(path: string): Promise<void>;
  /** Makes creations and removals in a directory durable. */
  syncDirectory(directory: string): Promise<void>;
  /** Bytes that can still be written to the file system of a directory. */
  freeBytes(directory: string): Promise<number>;
}

export interface OpenFile {
  readonly size: number;
  /** Fills the buffer from a position; answers how many bytes there were. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of the bytes at a position. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes what was written durable. After a failure nothing more may be assumed of the file. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}
