/// <reference lib="dom" />
// The first page: what is wrong now, why it matters and what to do about it.

import type { ServerInfo, Tube, TubePage } from "../../model.ts";
import { tubePath } from "./api.ts";
import type { Desk, Page, Place } from "./page.ts";
import { pages, select, tile, tubeAddress, tubeLink } from "./parts.ts";
import { currentRefusals, refusalCard } from "./refusals.ts";
import { type Child, h } from "./vnode.ts";
import type { Values } from "./words.ts";

/** From this age on a ready job is a problem, in seconds, unless the address says otherwise. */
export const OLD_SECONDS = 300;
const CHOICES: readonly number[] = [60, 300, 900, 3600];

interface Trouble {
  readonly kind: "buried" | "old" | "unwatched" | "paused";
  readonly tube: Tube;
}

export function problemsPage(desk: Desk, place: Place): Page {
  const { t, api } = desk;
  const oldSeconds = Number(place.query.get("old") ?? OLD_SECONDS);
  const cursor = place.query.get("cursor");
  let found: TubePage = { tubes: [], total: 0, next: null };
  return {
    title: t("problems.title"),
    section: "problems",
    everySeconds: 2,
    async load(signal) {
      const query = { filter: "problems", oldSeconds, sort: "buried", desc: true, limit: 100, cursor };
      found = await api.get<TubePage>("/v1/tubes", query, signal);
    },
    view() {
      const refusals = currentRefusals(desk.server);
      const troubles = found.tubes.flatMap((tube) => troublesOf(tube, oldSeconds));
      const total = found.total + refusals.length;
      return [
        summary(desk, desk.server),
        h(
          "div",
          { class: "bar" },
          h(
            "h1",
            null,
            t("problems.title"),
            total > 0 ? h("span", { class: "badge bad" }, desk.format.count(total)) : null,
          ),
          h("span", { class: "spacer" }),
          select(
            t("problems.oldAfter"),
            String(oldSeconds),
            CHOICES.map((seconds) => [String(seconds), desk.format.seconds(seconds)] as const),
            (value) => place.filter({ old: value === String(OLD_SECONDS) ? null : value, cursor: null }),
          ),
        ),
        desk.server.isDraining ? h("p", { class: "notice" }, t("problems.draining")) : null,
        troubles.length + refusals.length === 0 ? calm(desk) : h(
          "ul",
          { class: "troubles" },
          refusals.map((refusal) => refusalCard(desk, refusal)),
          troubles.map((trouble) => card(desk, trouble)),
        ),
        pages(desk, cursor, found.next, (next) => place.filter({ cursor: next })),
      ];
    },
  };
}

/** What is wrong with a tube, the worst first. */
export function troublesOf(tube: Tube, oldSeconds: number): Trouble[] {
  const troubles: Trouble[] = [];
  if (tube.buried > 0) troubles.push({ kind: "buried", tube });
  if (tube.ready > 0 && tube.watching === 0) troubles.push({ kind: "unwatched", tube });
  if (tube.oldestReadySeconds !== null && tube.oldestReadySeconds >= oldSeconds) {
    troubles.push({ kind: "old", tube });
  }
  if (tube.pause !== null) troubles.push({ kind: "paused", tube });
  return troubles;
}

/** The whole server in one row. */
function summary(desk: Desk, { jobs, connections, tubes }: ServerInfo): Child {
  const { t, format } = desk;
  return h(
    "section",
    { class: "tiles", "aria-label": t("problems.summary") },
    tile(t("state.ready"), format.count(jobs.ready), "ready"),
    tile(t("state.delayed"), format.count(jobs.delayed), "delayed"),
    tile(t("state.reserved"), format.count(jobs.reserved), "reserved"),
    tile(t("state.buried"), format.count(jobs.buried), jobs.buried > 0 ? "buried" : ""),
    tile(t("nav.tubes"), format.count(tubes)),
    tile(t("nav.connections"), format.count(connections.now)),
    tile(t("problems.waiting"), format.count(connections.waiting)),
  );
}

function calm(desk: Desk): Child {
  return h(
    "div",
    { class: "calm" },
    h("strong", null, desk.t("problems.none")),
    h("p", null, desk.t("problems.noneText")),
  );
}

function card(desk: Desk, { kind, tube }: Trouble): Child {
  const { t, format } = desk;
  const values: Values = {
    buried: { n: format.count(tube.buried) },
    unwatched: { n: format.count(tube.ready) },
    old: { age: format.seconds(tube.oldestReadySeconds ?? 0) },
    paused: { left: format.seconds(tube.pause?.leftSeconds ?? 0) },
  }[kind];
  return h(
    "li",
    { key: `${kind} ${tube.name}`, class: `trouble ${kind}` },
    h("div", { class: "trouble-what" }, tubeLink(tube.name), h("strong", null, t(`problem.${kind}`, values))),
    h("p", null, t(`problem.${kind}.todo`, values)),
    h("div", { class: "trouble-acts" }, acts(desk, kind, tube)),
  );
}

function acts(desk: Desk, kind: Trouble["kind"], tube: Tube): Child[] {
  const { t } = desk;
  const look = (state: string): Child =>
    h("a", { class: "button", href: `${tubeAddress(tube.name)}?state=${state}` }, t("problem.look"));
  if (kind === "buried") {
    return [
      look("buried"),
      h("button", { type: "button", onclick: () => kickBuried(desk, tube) }, t("problem.kick")),
    ];
  }
  if (kind === "paused") {
    return [
      look("ready"),
      h("button", { type: "button", onclick: () => resume(desk, tube.name) }, t("tube.resume")),
    ];
  }
  return [look("ready")];
}

async function kickBuried(desk: Desk, tube: Tube): Promise<void> {
  const { t, api, format } = desk;
  const question = {
    title: t("kick.title", { tube: tube.name }),
    text: t("kick.text", { n: format.count(tube.buried) }),
    yes: t("kick.yes"),
    no: t("cancel"),
  };
  if (!await desk.ask(question)) return;
  await desk.act(async () => {
    const { count } = await api.send<{ count: number }>("POST", `${tubePath(tube.name)}/kick`, {
      count: tube.buried,
    });
    return t("kick.done", { n: format.count(count) });
  });
}

async function resume(desk: Desk, name: string): Promise<void> {
  await desk.act(async () => {
    await desk.api.send("POST", `${tubePath(name)}/pause`, { seconds: 0 });
    return desk.t("pause.resumed", { tube: name });
  });
}
