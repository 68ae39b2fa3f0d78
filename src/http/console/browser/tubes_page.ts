/// <reference lib="dom" />
// All tubes, a page at a time: filtered and sorted by the server, so that ten thousand cost no more than a hundred.

import type { Tube, TubePage } from "../../model.ts";
import { sparkline } from "./charts.ts";
import type { Desk, Page, Place } from "./page.ts";
import { type Column, counter, pages, quiet, select, table, tubeLink } from "./parts.ts";
import { type Child, h } from "./vnode.ts";

const ROWS = 100;
/** How long typing must pause before it is searched for, in milliseconds. */
const TYPING_MS = 250;

export function tubesPage(desk: Desk, place: Place): Page {
  const { t, api, trends } = desk;
  const cursor = place.query.get("cursor");
  const by = place.query.get("sort") ?? "name";
  const isDescending = place.query.get("desc") === "1";
  const filter = place.query.get("filter") === "problems" ? "problems" : "all";
  const text = place.query.get("match") ?? "";
  let found: TubePage = { tubes: [], total: 0, next: null };
  let look = 0;
  let typing: ReturnType<typeof setTimeout> | undefined;
  const typed = (event: Event): void => {
    const match = (event.target as HTMLInputElement).value.trim();
    clearTimeout(typing);
    typing = setTimeout(() => place.filter({ match: match || null, cursor: null }), TYPING_MS);
  };
  return {
    title: t("tubes.title"),
    section: "tubes",
    everySeconds: 1,
    async load(signal) {
      const query = { match: globOf(text), filter, sort: by, desc: isDescending, limit: ROWS, cursor };
      found = await api.get<TubePage>("/v1/tubes", query, signal);
      look = performance.now();
      for (const tube of found.tubes) trends.add(tube.name, tube.ready);
    },
    view() {
      return [
        h(
          "div",
          { class: "bar" },
          h("h1", null, t("tubes.title"), h("span", { class: "badge" }, desk.format.count(found.total))),
          h("span", { class: "spacer" }),
          h("input", {
            type: "search",
            class: "search",
            placeholder: t("tubes.search"),
            "aria-label": t("tubes.search"),
            value: text,
            oninput: typed,
            "data-search": true,
          }),
          select(
            t("tubes.show"),
            filter,
            [["all", t("tubes.all")], ["problems", t("tubes.problems")]],
            (value) => place.filter({ filter: value === "all" ? null : value, cursor: null }),
          ),
        ),
        table(t("tubes.title"), columns(desk, look), found.tubes, (tube) => tube.name, t("tubes.none"), {
          by,
          isDescending,
          choose: (sort, isDown) => place.filter({ sort, desc: isDown ? "1" : null, cursor: null }),
        }),
        pages(desk, cursor, found.next, (next) => place.filter({ cursor: next })),
      ];
    },
  };
}

/** What was typed, as the server's pattern: a part of a name unless it says more itself. */
export function globOf(text: string): string | null {
  if (text === "") return null;
  return /[*?]/.test(text) ? text : `*${text}*`;
}

function columns(desk: Desk, look: number): Column<Tube>[] {
  const { t, format, trends } = desk;
  const state = (name: "ready" | "delayed" | "reserved" | "buried"): Column<Tube> => ({
    label: t(`state.${name}`),
    sort: name,
    isNumber: true,
    cell: (tube) => counter(desk, look, `${tube.name} ${name}`, tube[name]),
  });
  const rate = (label: string, of: "put" | "deleted"): Column<Tube> => ({
    label,
    isNumber: true,
    cell: (tube) => tube.rates === null ? "–" : quiet(tube.rates[of], format.rate(tube.rates[of])),
  });
  return [
    {
      label: t("tube.tube"),
      sort: "name",
      isHead: true,
      cell: (
        tube,
      ) => [tubeLink(tube.name), tube.pause ? h("span", { class: "badge warn" }, t("tube.paused")) : null],
    },
    state("ready"),
    {
      label: t("tubes.trend"),
      isMinor: true,
      cell: (tube): Child => sparkline(trends.line(tube.name), t("tubes.trendOf", { tube: tube.name })),
    },
    state("delayed"),
    state("reserved"),
    state("buried"),
    rate(t("tubes.put"), "put"),
    rate(t("tubes.deleted"), "deleted"),
    {
      label: t("tube.oldest"),
      sort: "oldest",
      isNumber: true,
      cell: (tube) => tube.oldestReadySeconds === null ? "–" : format.seconds(tube.oldestReadySeconds),
    },
    {
      label: t("tube.watching"),
      isNumber: true,
      isMinor: true,
      cell: (tube) => quiet(tube.watching, format.count(tube.watching)),
    },
    {
      label: t("tube.waiting"),
      sort: "waiting",
      isNumber: true,
      isMinor: true,
      cell: (tube) => quiet(tube.waiting, format.count(tube.waiting)),
    },
  ];
}
