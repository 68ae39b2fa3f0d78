/// <reference lib="dom" />
// What the server refuses, as problems, and its counts. A server of another version may have reasons that have no words here.

import type { Refusal, ServerInfo } from "../../model.ts";
import type { Desk } from "./page.ts";
import { facts } from "./parts.ts";
import { type Child, h } from "./vnode.ts";
import { hasWord, type WordKey } from "./words.ts";

/** What was refused within the last minute, what somebody has to act on first. That it drains is shown by itself. */
export function currentRefusals({ refusals }: ServerInfo): readonly Refusal[] {
  const current = (refusals ?? []).filter(({ isCurrent, reason }) => isCurrent && reason !== "draining");
  return [...current].sort((a, b) => Number(b.isShortage) - Number(a.isShortage));
}

/** How many of them somebody has to act on. */
export function shortageCount(server: ServerInfo): number {
  return currentRefusals(server).filter(({ isShortage }) => isShortage).length;
}

export function refusalCard({ t, format }: Desk, refusal: Refusal): Child {
  const { reason, count, lastSecondsAgo, isShortage } = refusal;
  const times = t("refusal.times", { n: format.count(count) });
  const last = lastSecondsAgo === null
    ? ""
    : ` ${t("refusal.last", { ago: format.seconds(lastSecondsAgo) })}`;
  return h(
    "li",
    { key: `refusal ${reason}`, class: `trouble ${isShortage ? "buried" : "paused"}` },
    h("div", { class: "trouble-what" }, h("strong", null, title(t, reason))),
    h("p", null, advice(t, reason)),
    h("p", null, times + last),
  );
}

/** Counts since the start. */
export function refusalFacts({ t, format }: Desk, refusals: readonly Refusal[]): Child {
  if (refusals.length === 0) return h("p", { class: "empty" }, t("refusal.none"));
  return facts(refusals.map(({ reason, count }) => [title(t, reason), format.count(count)] as const));
}

function title(t: Desk["t"], reason: string): string {
  if (!hasWord(`refusal.${reason}.todo`)) return t("refusal.other", { reason });
  return t(`refusal.${reason}` as WordKey);
}

function advice(t: Desk["t"], reason: string): string {
  if (!hasWord(`refusal.${reason}.todo`)) return t("refusal.other.todo");
  return t(`refusal.${reason}.todo` as WordKey);
}
