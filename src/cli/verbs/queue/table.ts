// Rows as a person reads them, in columns, or as a program does, a line of JSON each.

export interface Column<Row> {
  /** The head of the column, and the key in JSON. */
  readonly key: string;
  readonly value: (row: Row) => string | number | boolean | null;
}

/** A table with numbers to the right and words to the left. */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const texts = cells.map((line) => line.map((cell) => cell === null ? "" : printable(String(cell))));
  const heads = columns.map(({ key }) => key);
  const widths = heads.map((head, i) =>
    texts.reduce((most, line) => Math.max(most, line[i].length), head.length)
  );
  const isNumber = heads.map((_, i) =>
    cells.length > 0 && cells.every((line) => typeof line[i] !== "string")
  );
  const lineOf = (line: readonly string[]): string =>
    line.map((text, i) => isNumber[i] ? text.padStart(widths[i]) : text.padEnd(widths[i])).join("  ")
      .trimEnd();
  return [lineOf(heads), ...texts.map(lineOf)];
}

export function jsonOf<Row>(columns: readonly Column<Row>[], row: Row): string {
  return JSON.stringify(Object.fromEntries(columns.map(({ key, value }) => [key, value(row)])));
}

/** Without what would move the cursor or colour the terminal: bodies and names come from strangers. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
