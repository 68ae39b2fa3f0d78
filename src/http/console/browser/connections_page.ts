/// <reference lib="dom" />
// Who is connected, what each watches and holds.

import type { Connection, ConnectionPage } from "../../model.ts";
import type { Desk, Page, Place } from "./page.ts";
import { type Column, jobLink, pages, table, tubeLink } from "./parts.ts";
import { type Child, type Children, h } from "./vnode.ts";

const ROWS = 100;
/** Tubes that are named in a row. */
const NAMED = 4;

export function connectionsPage(desk: Desk, place: Place): Page {
  const { t, api, format } = desk;
  const cursor = place.query.get("cursor");
  let found: ConnectionPage = { connections: [], next: null };
  return {
    title: t("connections.title"),
    section: "connections",
    everySeconds: 2,
    async load(signal) {
      if (desk.can("connections")) {
        found = await api.get<ConnectionPage>("/v1/connections", { limit: ROWS, cursor }, signal);
      }
    },
    view() {
      return [
        h(
          "div",
          { class: "bar" },
          h(
            "h1",
            null,
            t("connections.title"),
            h("span", { class: "badge" }, format.count(desk.server.connections.now)),
          ),
        ),
        desk.can("connections")
          ? table(
            t("connections.title"),
            columns(desk),
            found.connections,
            (row) => row.number,
            t("connections.none"),
          )
          : h("p", { class: "empty" }, t("connections.unknown")),
        pages(desk, cursor, found.next, (next) => place.filter({ cursor: next })),
      ];
    },
  };
}

function columns(desk: Desk): Column<Connection>[] {
  const { t, format } = desk;
  return [
    {
      label: t("connections.number"),
      isHead: true,
      cell: (row) => number(row.number),
    },
    { label: t("connections.kind"), cell: (row) => row.kind },
    { label: t("connections.peer"), cell: (row) => row.peer ?? "–" },
    { label: t("connections.identity"), isMinor: true, cell: (row) => row.identity ?? "–" },
    { label: t("connections.role"), cell: (row) => roles(desk, row) },
    { label: t("connections.using"), cell: (row) => tubeLink(row.using) },
    {
      label: t("connections.watching"),
      cell: (row) => some(desk, row.watching.map(tubeLink), row.watching.length, NAMED),
    },
    { label: t("connections.holds"), cell: (row) => some(desk, row.holds.map(jobLink), row.held, NAMED * 2) },
    {
      label: t("connections.unsent"),
      isNumber: true,
      isMinor: true,
      cell: (row) => format.bytes(row.unsentBytes),
    },
  ];
}

/** The one that a job's page pointed to stands out. */
function number(number: number): Child {
  const isMeant = location.hash === `#${number}`;
  const show = (element: HTMLElement): void =>
    isMeant ? element.scrollIntoView({ block: "center" }) : undefined;
  return h("span", { class: isMeant ? "badge good" : "num", created: show }, `#${number}`);
}

function roles({ t }: Desk, row: Connection): Children {
  return [
    row.isProducer ? h("span", { class: "badge" }, t("connections.producer")) : null,
    row.isWorker ? h("span", { class: "badge" }, t("connections.worker")) : null,
    row.isWaiting ? h("span", { class: "badge good" }, t("connections.waiting")) : null,
  ];
}

function some(desk: Desk, links: readonly Child[], total: number, most: number): Children {
  if (total === 0) return "–";
  const shown = links.slice(0, most);
  const rest = total - shown.length;
  return [
    shown.map((link, at) => [at > 0 ? ", " : "", link]),
    rest > 0 ? ` ${desk.t("more", { n: desk.format.count(rest) })}` : null,
  ];
}
