/// <reference lib="dom" />
// Asks for a token when the server wants to know who comes.

import { fieldView } from "./dialog.ts";
import { type Child, h } from "./vnode.ts";
import type { Translate } from "./words.ts";

export function loginView(t: Translate, fault: string | null, enter: (token: string) => void): Child {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    enter(String(new FormData(event.target as HTMLFormElement).get("token") ?? ""));
  };
  return h(
    "form",
    { class: "login card", onsubmit: submit },
    h("h1", null, t("login.title")),
    h("p", null, t("login.text")),
    fieldView({ name: "token", label: t("login.token"), kind: "password", isRequired: true }),
    fault === null ? null : h("p", { class: "fault", role: "alert" }, fault),
    h("button", { type: "submit", class: "primary" }, t("login.enter")),
  );
}
