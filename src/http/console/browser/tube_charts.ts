/// <reference lib="dom" />
// A tube's past hour or day: throughput, jobs at hand, how long jobs waited and ran.

import type { Desk, Place } from "./page.ts";
import { ApiError, tubePath } from "./api.ts";
import { chart, type Line } from "./charts.ts";
import { type Child, h } from "./vnode.ts";

/** How often the past is asked for, in milliseconds: it gains a point only now and then. */
const EVERY_MS = 10_000;

interface Point {
  readonly at: string;
  readonly put: number;
  readonly reserved: number;
  readonly deleted: number;
  readonly ready: number;
  readonly waitP50Ms: number | null;
  readonly waitP99Ms: number | null;
  readonly runP50Ms: number | null;
  readonly runP99Ms: number | null;
}

interface History {
  readonly stepSeconds: number;
  readonly points: readonly Point[];
}

export interface TubeCharts {
  load(signal: AbortSignal): Promise<void>;
  view(): Child;
}

export function createTubeCharts(desk: Desk, place: Place): TubeCharts {
  const { t } = desk;
  const span = place.query.get("span") === "day" ? "day" : "hour";
  let history: History = { stepSeconds: 1, points: [] };
  let loadedAt = -Infinity;
  const choice = (name: "hour" | "day"): Child =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(span === name),
        onclick: () => place.filter({ span: name === "hour" ? null : name }),
      },
      t(`chart.${name}`),
    );
  return {
    async load(signal) {
      if (!desk.can("history") || performance.now() - loadedAt < EVERY_MS) return;
      try {
        history = await desk.api.get<History>(`${tubePath(place.name)}/history`, { span }, signal);
      } catch (error) {
        // A server keeps the past of so many tubes only; one beyond them has none.
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      }
      loadedAt = performance.now();
    },
    view() {
      if (!desk.can("history")) return null;
      return h(
        "section",
        { class: "charts", "aria-label": t("chart.label") },
        h(
          "div",
          { class: "bar" },
          h("h2", null, t("chart.label")),
          h("span", { class: "spacer" }),
          h(
            "div",
            { class: "switch", role: "group", "aria-label": t("chart.span") },
            choice("hour"),
            choice("day"),
          ),
        ),
        h("div", { class: "chart-grid" }, draw(desk, history)),
      );
    },
  };
}

function draw({ t, format }: Desk, { points, stepSeconds }: History): Child[] {
  const instants = points.map((point) => point.at);
  const values = (of: (point: Point) => number | null): (number | null)[] => points.map(of);
  const words = (title: string): { title: string; empty: string; now: string } => ({
    title,
    empty: t("chart.empty"),
    now: t("chart.now"),
  });
  const percentiles = (p50: "waitP50Ms" | "runP50Ms", p99: "waitP99Ms" | "runP99Ms"): Line[] => [
    { name: t("chart.p50"), colour: "c1", values: values((point) => point[p50]) },
    { name: t("chart.p99"), colour: "c4", values: values((point) => point[p99]) },
  ];
  const perSecond = (value: number): number => value / stepSeconds;
  return [
    chart(
      words(t("chart.throughput")),
      instants,
      [
        { name: t("chart.put"), colour: "c1", values: values((point) => perSecond(point.put)) },
        { name: t("chart.reserved"), colour: "c2", values: values((point) => perSecond(point.reserved)) },
        { name: t("chart.deleted"), colour: "c3", values: values((point) => perSecond(point.deleted)) },
      ],
      format.rate,
      format.clock,
    ),
    chart(
      words(t("chart.ready")),
      instants,
      [
        { name: t("state.ready"), colour: "c1", values: values((point) => point.ready) },
      ],
      format.short,
      format.clock,
    ),
    chart(words(t("chart.wait")), instants, percentiles("waitP50Ms", "waitP99Ms"), format.ms, format.clock),
    chart(words(t("chart.run")), instants, percentiles("runP50Ms", "runP99Ms"), format.ms, format.clock),
  ];
}
