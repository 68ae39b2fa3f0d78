/// <reference lib="dom" />
// Charts drawn by hand as SVG: lines over time with a grid and a legend.

import { type Child, h } from "./vnode.ts";

export interface Line {
  readonly name: string;
  /** Which of the style sheet's colours. */
  readonly colour: string;
  /** One per point; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

export interface ChartWords {
  readonly title: string;
  /** What is said when there is nothing to draw. */
  readonly empty: string;
  readonly now: string;
}

/** Lines over the same instants, oldest first. `scale` writes a value on the left, `label` an instant below. */
export function chart(
  words: ChartWords,
  instants: readonly string[],
  lines: readonly Line[],
  scale: (value: number) => string,
  label: (iso: string) => string,
): Child {
  const most = Math.max(0, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
  const heading = h("h3", null, words.title);
  if (instants.length < 2 || most === 0) {
    return h("figure", { class: "chart" }, heading, h("p", { class: "empty" }, words.empty));
  }
  const top = roundUp(most);
  const times = instants.map((instant) => Date.parse(instant));
  const from = times[0];
  const span = times[times.length - 1] - from;
  const last = (line: Line): string => {
    const value = line.values.at(-1);
    return value === null || value === undefined ? "–" : scale(value);
  };
  // The drawing stretches with the page and letters must not, so that they stand beside it.
  return h(
    "figure",
    { class: "chart" },
    heading,
    h(
      "div",
      { class: "plot" },
      h(
        "div",
        { class: "scale", "aria-hidden": "true" },
        [1, 0.5, 0].map((part) => h("span", null, scale(top * part))),
      ),
      h(
        "svg",
        {
          viewBox: "0 0 1000 100",
          preserveAspectRatio: "none",
          role: "img",
          "aria-label": `${words.title}. ${lines.map((line) => `${line.name}: ${last(line)}`).join(", ")}`,
        },
        [1, 50, 99].map((y) => h("line", { class: "grid", x1: 0, x2: 1000, y1: y, y2: y })),
        lines.map((line) =>
          h("path", {
            class: `line ${line.colour}`,
            d: pathOf(
              line.values,
              (at) => (times[at] - from) / span * 1000,
              (value) => 99 - value / top * 98,
            ),
          })
        ),
      ),
      h(
        "div",
        { class: "instants", "aria-hidden": "true" },
        [0, 1 / 3, 2 / 3, 1].map((part) =>
          h("span", null, label(new Date(from + span * part).toISOString()))
        ),
      ),
    ),
    h(
      "figcaption",
      { class: "legend" },
      lines.map((line) =>
        h("span", { class: `key ${line.colour}` }, line.name, " ", h("b", { title: words.now }, last(line)))
      ),
    ),
  );
}

/** A line without axes, for a row of a table. */
export function sparkline(values: readonly number[], label: string): Child {
  const most = Math.max(...values, 1);
  const points = values.map((value, index) => `${index * 1.65},${18 - value / most * 16}`).join(" ");
  const end = (values.length - 1) * 1.65;
  const lines = [
    h("polyline", { class: "area", points: `${points} ${end},18 0,18` }),
    h("polyline", { points }),
  ];
  return h(
    "svg",
    { class: "spark", viewBox: "0 0 98 20", role: "img", "aria-label": label },
    values.length > 1 ? lines : null,
  );
}

/** Pieces of line; a gap where nothing is known. */
function pathOf(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value === null) isDrawing = false;
    else {
      path += `${isDrawing ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      isDrawing = true;
    }
  });
  return path;
}

/** The next of 1, 2, 5, 10, 20, 50 and so on. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}
