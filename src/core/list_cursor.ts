// Where a page of a list of jobs ended. A cursor is a key that is compared, never a place that is looked up: it stays good
// whatever happens between two pages, and jobs that stay where they are come exactly once.

/** The key of a page's last job. */
export interface ListCursor {
  /** Lists of reserved jobs go by holder: the slot of its session. Else 0. */
  readonly holder: number;
  /** Ready: priority; delayed and reserved: deadline; buried: number of the burial. */
  readonly key: number;
  readonly id: number;
}

const CURSOR = /^(\d{1,10}):(\d{1,16}(?:\.\d{1,12})?):(\d{1,16})$/;

/** As text without spaces, of at most 54 bytes. */
export function cursorText({ holder, key, id }: ListCursor): string {
  return `${holder}:${key}:${id}`;
}

/** The cursor of a text, or null when it is none. */
export function readCursor(text: string): ListCursor | null {
  const match = CURSOR.exec(text);
  return match === null ? null : { holder: Number(match[1]), key: Number(match[2]), id: Number(match[3]) };
}
