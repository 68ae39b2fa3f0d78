/// <reference lib="dom" />
// A job's body as text, indented JSON or hexadecimal digits.

import type { BodyText, Job } from "../../model.ts";
import { hexDump } from "./hex_dump.ts";
import type { Desk, Place } from "./page.ts";
import { prettyJson } from "./pretty_json.ts";
import { type Child, type Children, h } from "./vnode.ts";

export type View = "text" | "json" | "hex";
/** Bytes of a body that are shown; the rest can be asked for. */
const SHOWN_BYTES = 65_536;

/** How the address wants the body. */
export function viewOf(place: Place): View | null {
  return (["text", "json", "hex"] as const).find((view) => view === place.query.get("view")) ?? null;
}

/** The query that brings a body as this view needs it. */
export function bodyQuery(place: Place): { body: string; preview: number | null } {
  return {
    body: viewOf(place) === "hex" ? "hex" : "text",
    preview: place.query.get("whole") === "1" ? null : SHOWN_BYTES,
  };
}

export function bodyView(desk: Desk, place: Place, job: Job): Child {
  const { t, format } = desk;
  const { body } = job;
  if (!body) return null;
  const view = viewOf(place) ?? naturalView(body);
  const choice = (name: View): Child =>
    h("button", {
      type: "button",
      key: name,
      "aria-pressed": String(view === name),
      onclick: () => place.filter({ view: name }),
    }, t(`body.${name}`));
  return h(
    "section",
    { class: "body", "aria-label": t("job.body") },
    h(
      "div",
      { class: "bar" },
      h("h2", null, t("job.body"), h("span", { class: "badge" }, format.bytes(job.bytes))),
      h("span", { class: "spacer" }),
      h(
        "div",
        { class: "switch", role: "group", "aria-label": t("body.view") },
        choice("text"),
        choice("json"),
        choice("hex"),
      ),
    ),
    written(desk, view, body),
    body.isWhole ? null : h(
      "p",
      { class: "hint" },
      t("body.part", { n: format.bytes(SHOWN_BYTES) }),
      " ",
      h("button", { type: "button", onclick: () => place.filter({ whole: "1" }) }, t("body.whole")),
    ),
  );
}

function naturalView(body: BodyText): View {
  if (body.encoding !== "text") return "hex";
  return /^\s*[{[]/.test(body.text) && prettyJson(body.text) !== null ? "json" : "text";
}

function written(desk: Desk, view: View, body: BodyText): Children {
  const { t } = desk;
  const block = (text: string): Child =>
    h("pre", { class: "body-text", tabindex: "0", "aria-label": t("job.body") }, text);
  if (body.text === "") return h("p", { class: "empty" }, t("body.empty"));
  if (view === "hex" || body.encoding !== "text") return block(hexDump(hexOf(body)));
  if (view === "text") return block(body.text);
  const pretty = prettyJson(body.text);
  return pretty === null ? [h("p", { class: "hint" }, t("body.noJson")), block(body.text)] : block(pretty);
}

function hexOf(body: BodyText): string {
  if (body.encoding === "hex") return body.text;
  const bytes = body.encoding === "base64"
    ? Uint8Array.from(atob(body.text), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(body.text);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
