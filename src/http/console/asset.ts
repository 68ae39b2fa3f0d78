// A file of the console, as the table has it.

export interface Asset {
  /** Its content type. */
  readonly type: string;
  /** SHA-256 of the source it was made from, so that a test can tell whether the table is up to date. */
  readonly source: string;
  readonly etag: string;
  readonly text: string;
}
