/// <reference lib="dom" />
// Acts on all jobs that a search finds. They are counted first and the count is shown; the server does nothing if it no longer
// fits by then.

import type { State } from "../../model.ts";
import type { ActOutcome } from "../../source.ts";
import type { Match } from "./job_search.ts";
import type { Desk } from "./page.ts";
import { type Child, h } from "./vnode.ts";

type Act = "delete" | "kick" | "bury" | "move";

const ACTS: Readonly<Record<State, readonly Act[]>> = {
  ready: ["move", "bury", "delete"],
  delayed: ["kick", "move", "bury", "delete"],
  buried: ["kick", "move", "delete"],
  reserved: [],
};

export function matchActs(desk: Desk, match: Match, inState: number): Child {
  const { t, format } = desk;
  if (inState === 0) return null;
  return h(
    "div",
    { class: "match-acts", role: "group", "aria-label": t("act.label") },
    h(
      "span",
      { class: "hint" },
      match.isSearch ? t("act.matches") : t("act.all", { n: format.count(inState) }),
    ),
    ACTS[match.state].map((act) =>
      h("button", {
        type: "button",
        key: act,
        class: act === "delete" ? "danger" : "",
        onclick: () => void run(desk, match, act),
      }, t(`act.${act}`))
    ),
  );
}

async function run(desk: Desk, match: Match, act: Act): Promise<void> {
  const { t, api, format } = desk;
  let count = 0;
  const isCounted = await desk.act(async () => {
    count = await countMatches(desk, match);
    return count === 0 ? t("act.nothing") : t("act.counted", { n: format.count(count) });
  }, true);
  if (!isCounted || count === 0) return;
  const values = { n: format.count(count), tube: match.tube, state: t(`state.${match.state}`) };
  const answer = await desk.ask({
    title: t(`act.${act}.title`, values),
    text: [
      h("p", null, t("act.where", values)),
      match.query.q === undefined
        ? null
        : h("p", null, t("act.containing"), " ", h("code", null, String(match.query.q))),
    ],
    fields: act === "move" ? [{ name: "to", label: t("job.toTube"), isRequired: true }] : [],
    yes: t(`act.${act}.yes`, values),
    no: t("cancel"),
    isDestructive: act === "delete",
  });
  if (!answer) return;
  await desk.act(async () => {
    const order = {
      match: match.query,
      action: act,
      expectedCount: count,
      ...(act === "move" ? { tube: answer.to } : {}),
    };
    const done = await api.send<ActOutcome>("POST", "/v1/actions", order);
    const numbers = { n: format.count(done.count), failed: format.count(done.failed) };
    return done.failed > 0 ? t("act.doneInPart", numbers) : t("act.done", numbers);
  });
}

/** The server counts when it is not told how many there should be. */
async function countMatches({ api }: Desk, { query }: Match): Promise<number> {
  const order = { match: query, action: "delete" };
  return (await api.send<ActOutcome>("POST", "/v1/actions", order)).count;
}
