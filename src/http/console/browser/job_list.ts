/// <reference lib="dom" />
// A tube's jobs in one state, or those of them that a search finds; and what can be done with all that were found.

import type { Job, JobPage, SearchPage, State, Tube } from "../../model.ts";
import { tubePath } from "./api.ts";
import { matchOf, searchForm } from "./job_search.ts";
import { matchActs } from "./match_acts.ts";
import type { Children, Desk, Place } from "./page.ts";
import { type Column, jobLink, pages, table } from "./parts.ts";
import { type Child, h } from "./vnode.ts";

const ROWS = 50;
/** Bytes of a body that are shown in its row. */
const PREVIEW_BYTES = 160;
/** How often what a search found is looked for again, in milliseconds: it may look at every job of the queue. */
const SEARCH_AGAIN_MS = 5000;

const STATES: readonly State[] = ["ready", "delayed", "reserved", "buried"];

export interface JobList {
  load(signal: AbortSignal): Promise<void>;
  view(tube: Tube): Children;
}

export function createJobList(desk: Desk, place: Place): JobList {
  const { t, api } = desk;
  const state = STATES.find((name) => name === place.query.get("state")) ?? "ready";
  const cursor = place.query.get("cursor");
  const match = matchOf(place, state);
  let jobs: readonly Job[] = [];
  let next: string | null = null;
  let isCut = false;
  let searchedAt = -Infinity;

  const load = async (signal: AbortSignal): Promise<void> => {
    const body = { body: "text", preview: PREVIEW_BYTES, limit: ROWS };
    if (!match.isSearch) {
      const page = await api.get<JobPage>(`${tubePath(place.name)}/jobs`, { state, cursor, ...body }, signal);
      ({ jobs, next, isCut } = page);
      return;
    }
    if (performance.now() - searchedAt < SEARCH_AGAIN_MS) return;
    const page = await searchOn({ ...match.query, cursor, ...body }, signal);
    ({ jobs, next } = page);
    searchedAt = performance.now();
  };

  /** One answer looks at a part of the queue only; an empty one that is not the last says little. */
  const searchOn = async (
    query: Readonly<Record<string, string | number | null>>,
    signal: AbortSignal,
  ): Promise<SearchPage> => {
    const found: Job[] = [];
    let from = query.cursor;
    for (;;) {
      const page = await api.get<SearchPage>("/v1/search", {
        ...query,
        cursor: from,
        limit: ROWS - found.length,
      }, signal);
      found.push(...page.jobs);
      if (page.next === null || found.length >= ROWS) return { ...page, jobs: found };
      from = page.next;
    }
  };

  return {
    load,
    view(tube) {
      return h(
        "section",
        { class: "jobs", "aria-label": t("jobs.label") },
        tabs(desk, place, tube, state),
        desk.can("list-jobs") ? null : h("p", { class: "hint" }, t("jobs.firstOnly")),
        desk.can("search") ? searchForm(desk, place, match) : null,
        desk.can("search") && state !== "reserved" ? matchActs(desk, match, tube[state]) : null,
        table(
          t("jobs.label"),
          columns(desk, state),
          jobs,
          (job) => job.id,
          match.isSearch ? t("jobs.noMatch") : t("jobs.none"),
        ),
        isCut && desk.can("list-jobs") ? h("p", { class: "hint" }, t("jobs.isCut")) : null,
        pages(desk, cursor, next, (to) => place.filter({ cursor: to })),
      );
    },
  };
}

function tabs(desk: Desk, place: Place, tube: Tube, state: State): Child {
  const { t, format } = desk;
  return h(
    "div",
    { class: "tabs", role: "group", "aria-label": t("jobs.states") },
    STATES.map((name) =>
      h(
        "button",
        {
          type: "button",
          key: name,
          class: name,
          "aria-pressed": String(name === state),
          onclick: () => place.filter({ state: name === "ready" ? null : name, cursor: null }),
        },
        t(`state.${name}`),
        " ",
        h("span", { class: "badge" }, format.count(tube[name])),
      )
    ),
  );
}

function columns(desk: Desk, state: State): Column<Job>[] {
  const { t, format } = desk;
  const timeLeft: Column<Job> = {
    label: state === "delayed" ? t("job.readyIn") : t("job.timeLeft"),
    isNumber: true,
    cell: (job) => format.seconds(job.timeLeftSeconds),
  };
  const heldBy: Column<Job> = {
    label: t("job.heldBy"),
    isNumber: true,
    cell: (job) => job.heldBy === null ? "–" : holder(job.heldBy),
  };
  return [
    { label: t("job.id"), isHead: true, cell: (job) => jobLink(job.id) },
    { label: t("job.body"), cell: (job) => preview(desk, job) },
    { label: t("job.priority"), isNumber: true, cell: (job) => String(job.priority) },
    { label: t("job.age"), isNumber: true, cell: (job) => format.seconds(job.ageSeconds) },
    ...(state === "reserved" ? [timeLeft, heldBy] : state === "delayed" ? [timeLeft] : []),
    {
      label: t("jobs.reserves"),
      isNumber: true,
      isMinor: true,
      cell: (job) => format.count(job.counts.reserves),
    },
    {
      label: t("jobs.timeouts"),
      isNumber: true,
      isMinor: true,
      cell: (job) => format.count(job.counts.timeouts),
    },
    { label: t("job.bytes"), isNumber: true, isMinor: true, cell: (job) => format.bytes(job.bytes) },
  ];
}

export function holder(number: number): Child {
  return h("a", { href: `/console/connections#${number}` }, `#${number}`);
}

function preview(desk: Desk, { body }: Job): Child {
  if (!body) return null;
  if (body.encoding !== "text") return h("span", { class: "hint" }, desk.t("body.binary"));
  return h("code", { class: "preview" }, body.text, body.isWhole ? "" : "…");
}
