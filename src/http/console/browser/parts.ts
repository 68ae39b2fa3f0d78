/// <reference lib="dom" />
// Pieces that several pages show: links, states, counts that show change, tables, pages of a list.

import type { Job, State } from "../../model.ts";
import type { Desk } from "./page.ts";
import { type Child, type Children, h } from "./vnode.ts";
import type { WordKey } from "./words.ts";

export function tubeAddress(name: string): string {
  return `/console/tubes/${encodeURIComponent(name)}`;
}

export function tubeLink(name: string): Child {
  return h("a", { href: tubeAddress(name), class: "name" }, name);
}

export function jobLink(id: number): Child {
  return h("a", { href: `/console/jobs/${id}`, class: "num" }, String(id));
}

export function stateTag(desk: Desk, state: State): Child {
  return h("span", { class: `state ${state}` }, desk.t(`state.${state}`));
}

/** A number that shows for a moment that it has changed. `name` says which number it is, over time. */
export function counter(desk: Desk, look: number, name: string, value: number): Child {
  const change = desk.trends.note(name, value, look);
  return h(
    "span",
    { key: `${name} ${change === "" ? "" : look}`, class: `counter ${change} ${value === 0 ? "zero" : ""}` },
    desk.format.count(value),
  );
}

/** A number's text, grey when it is nothing. */
export function quiet(value: number, text: string): Child {
  return h("span", { class: value === 0 ? "zero" : "" }, text);
}

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => Children;
  /** Numbers stand on the right. */
  readonly isNumber?: boolean;
  /** What to sort by when its head is pressed. */
  readonly sort?: string;
  /** For a cell that explains itself, such as a name. */
  readonly isHead?: boolean;
  /** Left out where there is little room. */
  readonly isMinor?: boolean;
}

export interface Sorting {
  readonly by: string;
  readonly isDescending: boolean;
  readonly choose: (by: string, isDescending: boolean) => void;
}

/** A table that turns into a list of cards on a narrow screen. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  keyOf: (row: Row) => string | number,
  empty: string,
  sorting?: Sorting,
): Child {
  if (rows.length === 0) return h("p", { class: "empty" }, empty);
  const classes = (column: Column<Row>): string =>
    `${column.isNumber ? "number" : ""} ${column.isMinor ? "minor" : ""}`;
  const cell = (column: Column<Row>, row: Row): Child =>
    h(
      column.isHead ? "th" : "td",
      { class: classes(column), scope: column.isHead ? "row" : null, "data-label": column.label },
      column.cell(row),
    );
  return h(
    "table",
    null,
    h("caption", { class: "unseen" }, caption),
    h("thead", null, h("tr", null, columns.map((column) => head(column, classes(column), sorting)))),
    h(
      "tbody",
      null,
      rows.map((row) => h("tr", { key: keyOf(row) }, columns.map((column) => cell(column, row)))),
    ),
  );
}

function head<Row>(column: Column<Row>, classes: string, sorting?: Sorting): Child {
  const { sort, label } = column;
  if (!sorting || !sort) return h("th", { class: classes, scope: "col" }, label);
  const isChosen = sorting.by === sort;
  const direction = !isChosen ? "none" : sorting.isDescending ? "descending" : "ascending";
  // Numbers are most often wanted with the largest first.
  const choose = (): void =>
    sorting.choose(sort, isChosen ? !sorting.isDescending : column.isNumber === true);
  return h(
    "th",
    { class: classes, scope: "col", "aria-sort": direction },
    h(
      "button",
      { type: "button", class: "sort", onclick: choose },
      label,
      h("span", { "aria-hidden": "true" }, isChosen ? (sorting.isDescending ? " ↓" : " ↑") : ""),
    ),
  );
}

/** Forward, and back to the beginning: cursors know no page numbers. */
export function pages(
  desk: Desk,
  cursor: string | null,
  next: string | null,
  choose: (cursor: string | null) => void,
): Child {
  if (cursor === null && next === null) return null;
  return h(
    "nav",
    { class: "pages", "aria-label": desk.t("pages.label") },
    h(
      "button",
      { type: "button", disabled: cursor === null, onclick: () => choose(null) },
      desk.t("pages.first"),
    ),
    h(
      "button",
      { type: "button", disabled: next === null, onclick: () => choose(next) },
      desk.t("pages.next"),
    ),
  );
}

/** Words and what they stand for. */
export function facts(rows: readonly (readonly [string, Children])[]): Child {
  return h(
    "dl",
    { class: "facts" },
    rows.map(([name, value]) => h("div", { key: name }, h("dt", null, name), h("dd", null, value))),
  );
}

/** A tile with one number. */
export function tile(label: string, value: Children, tone: string = ""): Child {
  return h(
    "div",
    { class: `tile ${tone}`, key: label },
    h("span", { class: "tile-label" }, label),
    h("span", { class: "tile-value" }, value),
  );
}

/** A box for a choice of few. */
export function select(
  label: string,
  value: string,
  options: readonly (readonly [string, string])[],
  choose: (value: string) => void,
): Child {
  return h(
    "label",
    { class: "choice" },
    h("span", null, label),
    h(
      "select",
      { value, onchange: (event: Event) => choose((event.target as HTMLSelectElement).value) },
      options.map(([name, text]) => h("option", { value: name, selected: name === value }, text)),
    ),
  );
}

export const COUNT_WORDS: readonly (readonly [keyof Job["counts"], WordKey])[] = [
  ["reserves", "job.reserves"],
  ["timeouts", "job.timeouts"],
  ["releases", "job.releases"],
  ["buries", "job.buries"],
  ["kicks", "job.kicks"],
];
