/// <reference lib="dom" />
// What stands around every page: the name, the navigation, the switches, and how the connection to the server is.

import type { ServerInfo } from "../../model.ts";
import type { Section } from "./page.ts";
import { type Child, type Children, h } from "./vnode.ts";
import type { Language, Translate } from "./words.ts";
import type { Theme } from "./theme.ts";

export interface Shell {
  readonly t: Translate;
  readonly language: Language;
  readonly theme: Theme;
  readonly server: ServerInfo | null;
  readonly section: Section | null;
  /** Tubes with something wrong. */
  readonly problems: number;
  /** What went wrong with the last load, if it did. */
  readonly fault: string | null;
  readonly isLoading: boolean;
  readonly who: string | null;
  readonly switchTheme: () => void;
  readonly switchLanguage: () => void;
  readonly help: () => void;
  readonly retry: () => void;
  readonly leave: () => void;
}

const PLACES: readonly (readonly [Section, string])[] = [
  ["problems", "/"],
  ["tubes", "/console/tubes"],
  ["connections", "/console/connections"],
  ["server", "/console/server"],
];

export function shellView(shell: Shell, page: Children): Children {
  const { t, fault } = shell;
  return [
    h("a", { class: "skip", href: "#main" }, t("shell.skip")),
    header(shell),
    h(
      "main",
      { id: "main", tabindex: "-1", class: fault ? "stale" : "" },
      fault === null ? null : h(
        "div",
        { class: "fault", role: "alert" },
        h("span", null, fault),
        h("button", { type: "button", onclick: shell.retry }, t("shell.retry")),
      ),
      shell.isLoading ? h("p", { class: "empty", role: "status" }, t("shell.loading")) : page,
    ),
  ];
}

function header(shell: Shell): Child {
  const { t, server, theme } = shell;
  return h(
    "header",
    null,
    h("a", { class: "brand", href: "/" }, h("span", { class: "bean", "aria-hidden": "true" }), "Runnerbean"),
    h(
      "nav",
      { "aria-label": t("shell.pages") },
      placesOf(server).map(([section, path]) => entry(shell, section, path)),
    ),
    h("span", { class: "spacer" }),
    h(
      "span",
      { class: `link-state ${shell.fault ? "down" : ""}` },
      h("i", { "aria-hidden": "true" }),
      shell.fault ? t("shell.down") : server ? server.hostname : "",
    ),
    server?.isDraining ? h("span", { class: "badge warn" }, t("server.draining")) : null,
    shell.who === null
      ? null
      : h("button", { type: "button", onclick: shell.leave, title: shell.who }, t("login.leave")),
    h("button", {
      type: "button",
      onclick: shell.switchLanguage,
      lang: shell.language === "en" ? "zh" : "en",
    }, t("shell.otherLanguage")),
    h(
      "button",
      {
        type: "button",
        onclick: shell.switchTheme,
        "aria-label": t("theme.label", { theme: t(`theme.${theme}`) }),
      },
      t(`theme.${theme}`),
    ),
    h("button", { type: "button", onclick: shell.help, "aria-label": t("keys.title") }, "?"),
  );
}

/** Without the page of connections where the server tells of none. */
function placesOf(server: ServerInfo | null): typeof PLACES {
  const hasConnections = server === null || server.capabilities.includes("connections");
  return hasConnections ? PLACES : PLACES.filter(([section]) => section !== "connections");
}

function entry({ t, section, problems }: Shell, name: Section, path: string): Child {
  const badge = name === "problems" && problems > 0
    ? h(
      "span",
      { class: "badge bad" },
      String(problems),
      h("span", { class: "unseen" }, ` ${t("shell.problems")}`),
    )
    : null;
  return h(
    "a",
    { href: path, "aria-current": section === name ? "page" : null, key: name },
    t(`nav.${name}`),
    badge,
  );
}
