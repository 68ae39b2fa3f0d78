/// <reference lib="dom" />
// The search over a tube's jobs: text in the body, bounds on attributes. All of it stands in the address.

import type { State } from "../../model.ts";
import type { Desk, Place } from "./page.ts";
import { type Child, h } from "./vnode.ts";
import type { WordKey } from "./words.ts";

/** Bounds that the API knows, and their words. */
const BOUNDS: readonly (readonly [string, WordKey])[] = [
  ["minAgeSeconds", "search.minAge"],
  ["maxAgeSeconds", "search.maxAge"],
  ["minPriority", "search.minPriority"],
  ["maxPriority", "search.maxPriority"],
  ["minReserves", "search.minReserves"],
  ["minTimeouts", "search.minTimeouts"],
  ["minReleases", "search.minReleases"],
  ["minBuries", "search.minBuries"],
  ["minKicks", "search.minKicks"],
  ["minBytes", "search.minBytes"],
  ["maxBytes", "search.maxBytes"],
];

export interface Match {
  readonly tube: string;
  readonly state: State;
  /** Something is asked beyond tube and state. */
  readonly isSearch: boolean;
  /** As the search's query has it. */
  readonly query: Readonly<Record<string, string | number>>;
}

/** What the address asks for. */
export function matchOf(place: Place, state: State): Match {
  const query: Record<string, string | number> = { tube: place.name, state };
  const q = place.query.get("q");
  if (q) query.q = q;
  for (const [name] of BOUNDS) {
    const value = place.query.get(name);
    if (value && /^\d+$/.test(value)) query[name] = Number(value);
  }
  return { tube: place.name, state, isSearch: Object.keys(query).length > 2, query };
}

export function searchForm(desk: Desk, place: Place, match: Match): Child {
  const { t } = desk;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const changes: Record<string, string | null> = { cursor: null };
    for (const name of ["q", ...BOUNDS.map(([bound]) => bound)]) {
      changes[name] = String(data.get(name) ?? "") || null;
    }
    place.filter(changes);
  };
  const clear = (): void =>
    place.filter(
      Object.fromEntries(["q", "cursor", ...BOUNDS.map(([name]) => name)].map((name) => [name, null])),
    );
  const used = BOUNDS.filter(([name]) => name in match.query).length;
  return h(
    "form",
    { class: "search-form", role: "search", onsubmit: submit },
    h(
      "div",
      { class: "bar" },
      h("input", {
        type: "search",
        name: "q",
        class: "search",
        value: String(match.query.q ?? ""),
        placeholder: t("search.bodies"),
        "aria-label": t("search.bodies"),
        autocomplete: "off",
        spellcheck: "false",
        "data-search": true,
      }),
      h("button", { type: "submit", class: "primary" }, t("search.go")),
      match.isSearch ? h("button", { type: "button", onclick: clear }, t("search.clear")) : null,
    ),
    h(
      "details",
      { class: "bounds" },
      h(
        "summary",
        null,
        t("search.attributes"),
        used > 0 ? h("span", { class: "badge" }, String(used)) : null,
      ),
      h(
        "div",
        { class: "bounds-grid" },
        BOUNDS.map(([name, word]) =>
          h(
            "label",
            { class: "field", key: name },
            h("span", null, t(word)),
            h("input", { type: "number", min: 0, name, value: String(match.query[name] ?? "") }),
          )
        ),
      ),
    ),
  );
}
