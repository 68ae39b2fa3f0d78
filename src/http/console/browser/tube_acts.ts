/// <reference lib="dom" />
// What can be done with a tube as a whole. What cannot be taken back is asked about, with the number of jobs it concerns.

import type { State, Tube } from "../../model.ts";
import { tubePath } from "./api.ts";
import type { Desk } from "./page.ts";
import { type Child, h } from "./vnode.ts";

/** The buttons at the top of a tube's page. */
export function tubeActs(desk: Desk, tube: Tube): Child {
  const { t } = desk;
  const button = (label: string, run: () => Promise<void>, tone = ""): Child =>
    h("button", { type: "button", class: tone, onclick: () => void run(), key: label }, label);
  const waiting = tube.buried + tube.delayed;
  return h(
    "div",
    { class: "acts", role: "group", "aria-label": t("tube.acts") },
    button(t("tube.put"), () => putJob(desk, tube)),
    tube.pause
      ? button(t("tube.resume"), () => pause(desk, tube, 0))
      : button(t("tube.pause"), () => askPause(desk, tube)),
    waiting > 0 ? button(t("tube.kick"), () => kick(desk, tube)) : null,
    desk.can("truncate") ? button(t("tube.truncate"), () => truncate(desk, tube), "danger") : null,
    desk.can("delete-tube") && tube.name !== "default"
      ? button(t("tube.delete"), () => deleteTube(desk, tube), "danger")
      : null,
  );
}

async function putJob(desk: Desk, tube: Tube): Promise<void> {
  const { t, api } = desk;
  const most = 4_294_967_295;
  const answer = await desk.ask({
    title: t("put.title", { tube: tube.name }),
    fields: [
      { name: "body", label: t("job.body"), kind: "area" },
      {
        name: "priority",
        label: t("job.priority"),
        kind: "number",
        value: "1024",
        min: 0,
        max: most,
        isRequired: true,
      },
      {
        name: "delay",
        label: t("job.delaySeconds"),
        kind: "number",
        value: "0",
        min: 0,
        max: most,
        isRequired: true,
      },
      {
        name: "ttr",
        label: t("job.ttrSeconds"),
        kind: "number",
        value: "60",
        min: 1,
        max: most,
        isRequired: true,
      },
    ],
    yes: t("put.yes"),
    no: t("cancel"),
  });
  if (!answer) return;
  await desk.act(async () => {
    const { body, priority, delay, ttr } = answer;
    const job = { body, priority: Number(priority), delay: Number(delay), ttr: Number(ttr) };
    const { id } = await api.send<{ id: number }>("POST", `${tubePath(tube.name)}/jobs`, job);
    return t("put.done", { id });
  });
}

async function askPause(desk: Desk, tube: Tube): Promise<void> {
  const { t } = desk;
  const answer = await desk.ask({
    title: t("pause.title", { tube: tube.name }),
    text: t("pause.text"),
    fields: [{
      name: "seconds",
      label: t("pause.seconds"),
      kind: "number",
      value: "600",
      min: 1,
      max: 4_294_967_295,
      isRequired: true,
    }],
    yes: t("tube.pause"),
    no: t("cancel"),
  });
  if (answer) await pause(desk, tube, Number(answer.seconds));
}

async function pause(desk: Desk, tube: Tube, seconds: number): Promise<void> {
  const { t, api, format } = desk;
  await desk.act(async () => {
    await api.send("POST", `${tubePath(tube.name)}/pause`, { seconds });
    return seconds === 0
      ? t("pause.resumed", { tube: tube.name })
      : t("pause.done", { tube: tube.name, time: format.seconds(seconds) });
  });
}

async function kick(desk: Desk, tube: Tube): Promise<void> {
  const { t, api, format } = desk;
  // The protocol's rule: delayed jobs are kicked only when none is buried.
  const most = tube.buried || tube.delayed;
  const answer = await desk.ask({
    title: t("kick.title", { tube: tube.name }),
    text: tube.buried > 0
      ? t("kick.buried", { n: format.count(most) })
      : t("kick.delayed", { n: format.count(most) }),
    fields: [{
      name: "count",
      label: t("kick.count"),
      kind: "number",
      value: String(most),
      min: 1,
      max: 4_294_967_295,
      isRequired: true,
    }],
    yes: t("kick.yes"),
    no: t("cancel"),
  });
  if (!answer) return;
  await desk.act(async () => {
    const { count } = await api.send<{ count: number }>("POST", `${tubePath(tube.name)}/kick`, {
      count: Number(answer.count),
    });
    return t("kick.done", { n: format.count(count) });
  });
}

async function truncate(desk: Desk, tube: Tube): Promise<void> {
  const { t, api, format } = desk;
  const states: readonly State[] = ["ready", "delayed", "buried"];
  const question = {
    title: t("truncate.title", { tube: tube.name }),
    text: [
      h("p", null, t("truncate.text")),
      states.map((state) =>
        h(
          "label",
          { class: "check" },
          h("input", { type: "checkbox", name: state, checked: true }),
          `${t(`state.${state}`)}: ${format.count(tube[state as "ready"])}`,
        )
      ),
      tube.reserved > 0
        ? h("p", { class: "hint" }, t("truncate.reserved", { n: format.count(tube.reserved) }))
        : null,
    ],
    yes: t("truncate.yes", { n: format.count(tube.ready + tube.delayed + tube.buried) }),
    no: t("cancel"),
    isDestructive: true,
  };
  const answer = await desk.ask(question);
  const chosen = states.filter((state) => answer?.[state] !== undefined);
  if (chosen.length === 0) return;
  await desk.act(async () => {
    const { count } = await api.send<{ count: number }>("POST", `${tubePath(tube.name)}/truncate`, {
      states: chosen,
    });
    return t("truncate.done", { n: format.count(count) });
  });
}

async function deleteTube(desk: Desk, tube: Tube): Promise<void> {
  const { t, api, format } = desk;
  const jobs = tube.ready + tube.delayed + tube.buried;
  const question = {
    title: t("deleteTube.title", { tube: tube.name }),
    text: t("deleteTube.text", { n: format.count(jobs) }),
    yes: t("deleteTube.yes"),
    no: t("cancel"),
    isDestructive: true,
  };
  if (!await desk.ask(question)) return;
  const isDone = await desk.act(async () => {
    await api.send("DELETE", tubePath(tube.name));
    return t("deleteTube.done", { tube: tube.name });
  }, true);
  if (isDone) desk.go("/console/tubes");
}
