/// <reference lib="dom" />
// One job: what is known of its life, its body, and what can be done with it.

import type { Job } from "../../model.ts";
import { bodyQuery, bodyView } from "./body_view.ts";
import { jobActs } from "./job_acts.ts";
import { holder } from "./job_list.ts";
import type { Desk, Page, Place } from "./page.ts";
import { COUNT_WORDS, facts, stateTag, tubeLink } from "./parts.ts";
import { type Child, type Children, h } from "./vnode.ts";

export function jobPage(desk: Desk, place: Place): Page {
  const { t, format } = desk;
  let job: Job | null = null;
  return {
    title: t("job.title", { id: place.name }),
    section: "tubes",
    everySeconds: 2,
    async load(signal) {
      job = await desk.api.get<Job>(`/v1/jobs/${encodeURIComponent(place.name)}`, bodyQuery(place), signal);
    },
    view() {
      if (!job) return null;
      return [
        h(
          "div",
          { class: "bar" },
          h("h1", null, t("job.title", { id: job.id }), " ", stateTag(desk, job.state)),
          h("span", { class: "spacer" }),
          jobActs(desk, job),
        ),
        h(
          "div",
          { class: "job-grid" },
          h(
            "div",
            null,
            facts([
              [t("tube.tube"), tubeLink(job.tube)],
              [t("job.priority"), String(job.priority)],
              [t("job.delay"), format.seconds(job.delay)],
              [t("job.ttr"), format.seconds(job.ttr)],
              [t("job.bytes"), format.bytes(job.bytes)],
            ]),
            h("h2", null, t("job.timeline")),
            timeline(desk, job),
          ),
          bodyView(desk, place, job),
        ),
      ];
    },
  };
}

/** What the counts tell of the past: the queue keeps no diary, so the middle has numbers and no instants. */
function timeline(desk: Desk, job: Job): Child {
  const { t, format } = desk;
  const step = (key: string, tone: string, title: Children, text: Children): Child =>
    h("li", { key, class: tone }, h("strong", null, title), text ? h("span", null, text) : null);
  return h(
    "ol",
    { class: "timeline" },
    step(
      "created",
      "created",
      t("job.created"),
      `${format.time(job.createdAt)} · ${t("job.ago", { age: format.seconds(job.ageSeconds) })}`,
    ),
    COUNT_WORDS.filter(([name]) => job.counts[name] > 0)
      .map(([name, word]) =>
        step(name, name, t(word), t("job.times", { n: format.count(job.counts[name]) }))
      ),
    step("now", `now ${job.state}`, [t("job.now"), " ", t(`state.${job.state}`)], nowText(desk, job)),
  );
}

function nowText({ t, format }: Desk, job: Job): Children {
  const left = format.seconds(job.timeLeftSeconds);
  if (job.state === "delayed") return t("job.nowDelayed", { left });
  if (job.state === "buried") return t("job.nowBuried");
  if (job.state === "ready") return t("job.nowReady");
  return [
    t("job.nowReserved", { left }),
    job.heldBy === null ? null : [" ", t("job.by"), " ", holder(job.heldBy)],
  ];
}
