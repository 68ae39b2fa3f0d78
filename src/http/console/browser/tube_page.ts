/// <reference lib="dom" />
// One tube: its counts, its charts, its jobs, and what can be done with it as a whole.

import type { Tube } from "../../model.ts";
import { tubePath } from "./api.ts";
import { createJobList } from "./job_list.ts";
import type { Desk, Page, Place } from "./page.ts";
import { counter, facts, tile } from "./parts.ts";
import { tubeActs } from "./tube_acts.ts";
import { createTubeCharts } from "./tube_charts.ts";
import { type Child, h } from "./vnode.ts";

export function tubePage(desk: Desk, place: Place): Page {
  const { t, api } = desk;
  const { name } = place;
  const jobs = createJobList(desk, place);
  const charts = createTubeCharts(desk, place);
  let tube: Tube | null = null;
  let look = 0;
  return {
    title: name,
    section: "tubes",
    everySeconds: 1,
    async load(signal) {
      [tube] = await Promise.all([
        api.get<Tube>(tubePath(name), {}, signal),
        jobs.load(signal),
        charts.load(signal),
      ]);
      look = performance.now();
    },
    view() {
      if (!tube) return null;
      return [
        h(
          "div",
          { class: "bar" },
          h(
            "h1",
            { class: "name" },
            name,
            tube.pause
              ? h(
                "span",
                { class: "badge warn" },
                t("tube.pausedFor", { left: desk.format.seconds(tube.pause.leftSeconds) }),
              )
              : null,
          ),
          h("span", { class: "spacer" }),
          tubeActs(desk, tube),
        ),
        counts(desk, tube, look),
        charts.view(),
        jobs.view(tube),
        h("details", { class: "more" }, h("summary", null, t("tube.more")), moreFacts(desk, tube)),
      ];
    },
  };
}

function counts(desk: Desk, tube: Tube, look: number): Child {
  const { t, format } = desk;
  const states = ["ready", "delayed", "reserved", "buried"] as const;
  return h(
    "section",
    { class: "tiles", "aria-label": t("tube.counts") },
    states.map((state) =>
      tile(
        t(`state.${state}`),
        counter(desk, look, `${tube.name} ${state} tile`, tube[state]),
        tube[state] > 0 ? state : "",
      )
    ),
    tile(t("tube.oldest"), tube.oldestReadySeconds === null ? "–" : format.seconds(tube.oldestReadySeconds)),
    tile(t("tube.watching"), format.count(tube.watching)),
    tile(t("tube.waiting"), format.count(tube.waiting)),
  );
}

function moreFacts(desk: Desk, tube: Tube): Child {
  const { t, format } = desk;
  return facts([
    [t("tube.urgent"), format.count(tube.urgent)],
    [t("tube.total"), format.count(tube.totalJobs)],
    [t("tube.deletes"), format.count(tube.deletes)],
    [t("tube.pauses"), format.count(tube.pauses)],
    [t("tube.using"), format.count(tube.using)],
  ]);
}
