/// <reference lib="dom" />
// The server itself: what it is, its memory, its log, its loop, its commands; drain; who did what.

import type { AuditEntry, ServerInfo } from "../../model.ts";
import { ApiError } from "./api.ts";
import type { Desk, Page, Place } from "./page.ts";
import { facts, table } from "./parts.ts";
import { refusalFacts } from "./refusals.ts";
import { type Child, type Children, h } from "./vnode.ts";

export function serverPage(desk: Desk, _place: Place): Page {
  const { t, api } = desk;
  let server: ServerInfo = desk.server;
  let entries: readonly AuditEntry[] | null = null;
  return {
    title: t("server.title"),
    section: "server",
    everySeconds: 2,
    async load(signal) {
      const [info, audit] = await Promise.all([
        api.get<ServerInfo>("/v1/server", {}, signal),
        api.get<{ entries: readonly AuditEntry[] }>("/v1/audit", { limit: 50 }, signal).catch(forbidden),
      ]);
      server = info;
      entries = audit?.entries ?? null;
    },
    view() {
      return [
        h(
          "div",
          { class: "bar" },
          h(
            "h1",
            null,
            t("server.title"),
            server.isDraining ? h("span", { class: "badge warn" }, t("server.draining")) : null,
          ),
          h("span", { class: "spacer" }),
          desk.can("drain")
            ? h(
              "button",
              { type: "button", onclick: () => void drain(desk, server) },
              t(server.isDraining ? "drain.off" : "drain.on"),
            )
            : null,
        ),
        h("div", { class: "cards" }, cards(desk, server)),
        h("h2", null, t("audit.title")),
        entries === null ? h("p", { class: "empty" }, t("audit.forbidden")) : auditTable(desk, entries),
      ];
    },
  };
}

/** Whoever may not read the audit log can still see the rest. */
function forbidden(error: unknown): null {
  if (error instanceof ApiError && error.status === 403) return null;
  throw error;
}

function cards(desk: Desk, server: ServerInfo): Child[] {
  const { t, format } = desk;
  const { memory, binlog, loop, totals, connections } = server;
  const card = (title: string, ...content: Children[]): Child =>
    h("section", { class: "card", key: title }, h("h2", null, title), content);
  return [
    card(
      t("server.about"),
      facts([
        [t("server.version"), `${server.backend} ${server.version}`],
        [t("server.runtime"), server.runtime],
        [t("server.host"), server.hostname],
        [t("server.pid"), String(server.pid)],
        [t("server.id"), h("code", null, server.id)],
        [t("server.uptime"), format.seconds(server.uptimeSeconds)],
        [t("server.maxJob"), format.bytes(server.maxJobBytes)],
      ]),
    ),
    memory === null ? null : card(
      t("server.memory"),
      facts([
        [t("server.rss"), format.bytes(memory.rssBytes)],
        [t("server.jobBytes"), format.bytes(memory.jobBytes)],
        [t("server.heap"), format.bytes(memory.heapBytes)],
      ]),
      loop === null ? null : [
        h("h2", null, t("server.loop")),
        facts([
          [t("server.longestTurn"), format.ms(loop.longestTurnMs)],
          [t("server.lateness"), format.ms(loop.timerLatenessMs)],
        ]),
      ],
    ),
    card(
      t("server.log"),
      binlog === null ? h("p", { class: "empty" }, t("server.noLog")) : logFacts(desk, binlog),
    ),
    card(
      t("server.connections"),
      facts([
        [t("server.now"), format.count(connections.now)],
        [t("server.producers"), format.count(connections.producers)],
        [t("server.workers"), format.count(connections.workers)],
        [t("server.waiting"), format.count(connections.waiting)],
        [t("server.everConnected"), format.count(totals.connections)],
        [t("server.everJobs"), format.count(totals.jobs)],
        [t("server.everTimeouts"), format.count(totals.timeouts)],
      ]),
    ),
    server.refusals === null ? null : card(t("server.refusals"), refusalFacts(desk, server.refusals)),
    card(t("server.commands"), commandFacts(desk, totals.commands)),
  ];
}

function logFacts({ t, format }: Desk, binlog: NonNullable<ServerInfo["binlog"]>): Child {
  const { work } = binlog;
  return facts([
    [t("log.segments"), `${binlog.oldestSegment} – ${binlog.currentSegment}`],
    [t("log.segmentBytes"), format.bytes(binlog.segmentBytes)],
    [t("log.written"), format.count(binlog.recordsWritten)],
    [t("log.migrated"), format.count(binlog.recordsMigrated)],
    ...(work
      ? [
        [t("log.kept"), format.bytes(work.keptBytes)],
        [t("log.live"), format.bytes(work.liveBytes)],
        [t("log.bytes"), format.bytes(work.writtenBytes)],
        [t("log.commits"), format.count(work.commits)],
        [t("log.syncs"), format.count(work.syncs)],
        [t("log.meanSync"), format.ms(work.syncs === 0 ? null : work.syncMs / work.syncs)],
        [t("log.longestSync"), format.ms(work.syncs === 0 ? null : work.longestSyncMs)],
      ] as const
      : []),
  ]);
}

function commandFacts({ t, format }: Desk, commands: Readonly<Record<string, number>>): Child {
  const used = Object.entries(commands).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  if (used.length === 0) return h("p", { class: "empty" }, t("server.noCommands"));
  return facts(used.map(([name, count]) => [name, format.count(count)] as const));
}

function auditTable(desk: Desk, entries: readonly AuditEntry[]): Child {
  const { t, format } = desk;
  return table(
    t("audit.title"),
    [
      { label: t("audit.at"), cell: (entry) => format.time(entry.at) },
      { label: t("audit.who"), cell: (entry) => entry.who },
      { label: t("audit.action"), isHead: true, cell: (entry) => entry.action },
      { label: t("audit.target"), cell: (entry) => entry.target },
      {
        label: t("audit.count"),
        isNumber: true,
        cell: (entry) => entry.count === null ? "–" : format.count(entry.count),
      },
      { label: t("audit.outcome"), cell: (entry) => entry.outcome },
    ],
    entries,
    (entry) => `${entry.at} ${entry.action} ${entry.target}`,
    t("audit.none"),
  );
}

async function drain(desk: Desk, server: ServerInfo): Promise<void> {
  const { t, api } = desk;
  const on = !server.isDraining;
  if (
    on &&
    !await desk.ask({
      title: t("drain.title"),
      text: t("drain.text"),
      yes: t("drain.on"),
      no: t("cancel"),
      isDestructive: true,
    })
  ) return;
  await desk.act(async () => {
    await api.send("POST", "/v1/server/drain", { on });
    return t(on ? "drain.isOn" : "drain.isOff");
  });
}
