/// <reference lib="dom" />
// What can be done with one job: mend and requeue it, move, kick, bury, delete.

import type { BodyText, Job } from "../../model.ts";
import type { Desk } from "./page.ts";
import { tubeAddress } from "./parts.ts";
import { type Child, h } from "./vnode.ts";

const MOST = 4_294_967_295;

export function jobActs(desk: Desk, job: Job): Child {
  const { t } = desk;
  const isFree = job.state !== "reserved";
  const canRequeue = desk.can("requeue") && isFree;
  const button = (label: string, run: () => Promise<void>, tone = ""): Child =>
    h("button", { type: "button", key: label, class: tone, onclick: () => void run() }, label);
  return h(
    "div",
    { class: "acts", role: "group", "aria-label": t("job.acts") },
    canRequeue ? button(t("job.edit"), () => edit(desk, job), "primary") : null,
    canRequeue ? button(t("job.move"), () => move(desk, job)) : null,
    job.state === "buried" || job.state === "delayed"
      ? button(t("job.kick"), () => change(desk, job, "kick"))
      : null,
    canRequeue && job.state !== "buried" ? button(t("job.bury"), () => change(desk, job, "bury")) : null,
    isFree
      ? button(t("job.delete"), () => remove(desk, job), "danger")
      : h("span", { class: "hint" }, t("job.isHeld")),
  );
}

async function edit(desk: Desk, { id }: Job): Promise<void> {
  const { t, api } = desk;
  let job: Job | null = null;
  // The whole body, not the part that the page shows.
  const isLoaded = await desk.act(async () => {
    job = await api.get<Job>(`/v1/jobs/${id}`, { body: "text" });
    return "";
  }, true);
  if (!isLoaded || !job) return;
  const { tube, priority, ttr, body } = job as Job;
  const encoding = body?.encoding === "base64" ? "base64" : "body";
  const answer = await desk.ask({
    title: t("edit.title", { id }),
    text: t("edit.text"),
    fields: [
      ...(body?.isWhole
        ? [
          {
            name: "body",
            label: encoding === "base64" ? t("edit.base64") : t("job.body"),
            kind: "area",
            value: body.text,
          } as const,
        ]
        : []),
      { name: "tube", label: t("tube.tube"), value: tube, isRequired: true },
      {
        name: "priority",
        label: t("job.priority"),
        kind: "number",
        value: String(priority),
        min: 0,
        max: MOST,
        isRequired: true,
      },
      {
        name: "delay",
        label: t("job.delaySeconds"),
        kind: "number",
        value: "0",
        min: 0,
        max: MOST,
        isRequired: true,
      },
      {
        name: "ttr",
        label: t("job.ttrSeconds"),
        kind: "number",
        value: String(ttr),
        min: 1,
        max: MOST,
        isRequired: true,
      },
    ],
    yes: t("edit.yes"),
    no: t("cancel"),
  });
  if (!answer) return;
  await desk.act(async () => {
    const numbers = {
      priority: Number(answer.priority),
      delay: Number(answer.delay),
      ttr: Number(answer.ttr),
    };
    const changes = { tube: answer.tube, ...numbers, ...bodyChange(body, encoding, answer.body) };
    await api.send("PATCH", `/v1/jobs/${id}`, changes);
    return t("edit.done", { id });
  });
}

/** A form has CR LF between lines; a body that was not touched is left alone. */
function bodyChange(
  body: BodyText | undefined,
  encoding: "body" | "base64",
  typed: string | undefined,
): Record<string, string> {
  if (typed === undefined) return {}; // too large for a form
  const text = typed.replaceAll("\r\n", "\n");
  const before = (body?.text ?? "").replaceAll("\r\n", "\n");
  if (text === before) return {};
  return {
    [encoding]: body?.text.includes("\r\n") && encoding === "body" ? text.replaceAll("\n", "\r\n") : text,
  };
}

async function move(desk: Desk, job: Job): Promise<void> {
  const { t, api } = desk;
  const answer = await desk.ask({
    title: t("move.title", { id: job.id }),
    text: t("move.text"),
    fields: [{ name: "tube", label: t("job.toTube"), isRequired: true }],
    yes: t("job.move"),
    no: t("cancel"),
  });
  if (!answer) return;
  await desk.act(async () => {
    await api.send("PATCH", `/v1/jobs/${job.id}`, { tube: answer.tube });
    return t("move.done", { id: job.id, tube: answer.tube });
  });
}

async function change(desk: Desk, job: Job, act: "kick" | "bury"): Promise<void> {
  await desk.act(async () => {
    await desk.api.send("POST", `/v1/jobs/${job.id}/${act}`, act === "bury" ? {} : undefined);
    return desk.t(act === "kick" ? "job.kicked" : "job.wasBuried", { id: job.id });
  });
}

async function remove(desk: Desk, job: Job): Promise<void> {
  const { t, api } = desk;
  const question = {
    title: t("deleteJob.title", { id: job.id }),
    text: t("deleteJob.text", { tube: job.tube, state: t(`state.${job.state}`) }),
    yes: t("deleteJob.yes"),
    no: t("cancel"),
    isDestructive: true,
  };
  if (!await desk.ask(question)) return;
  const isDone = await desk.act(async () => {
    await api.send("DELETE", `/v1/jobs/${job.id}`);
    return t("deleteJob.done", { id: job.id });
  }, true);
  if (isDone) desk.go(`${tubeAddress(job.tube)}?state=${job.state}`);
}
