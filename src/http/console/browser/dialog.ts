/// <reference lib="dom" />
// Questions before something happens: a native modal dialog, which holds the focus and closes on Escape.

import { type Children, h, render } from "./vnode.ts";

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly kind?: "text" | "number" | "password" | "area";
  readonly min?: number;
  readonly max?: number;
  readonly isRequired?: boolean;
  readonly options?: readonly string[];
}

export interface Question {
  readonly title: string;
  readonly text?: Children;
  readonly fields?: readonly Field[];
  /** What the button says that goes on. */
  readonly yes: string;
  readonly no: string;
  /** It cannot be taken back. */
  readonly isDestructive?: boolean;
}

/** Shows the question; the fields' values when it was agreed to, else null. */
export function ask(question: Question): Promise<Record<string, string> | null> {
  const { title, text, fields = [], yes, no, isDestructive = false } = question;
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "dialog-title");
  const before = document.activeElement;
  document.body.append(dialog);
  return new Promise((resolve) => {
    let answer: Record<string, string> | null = null;
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      answer = {};
      for (const [name, value] of new FormData(event.target as HTMLFormElement)) answer[name] = String(value);
      dialog.close();
    };
    dialog.onclose = () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      resolve(answer);
    };
    render(
      dialog,
      h(
        "form",
        { method: "dialog", onsubmit: submit },
        h("h2", { id: "dialog-title" }, title),
        h("div", { class: "dialog-text" }, text),
        fields.map((field) => fieldView(field)),
        h(
          "div",
          { class: "dialog-buttons" },
          no === "" ? null : h("button", { type: "button", onclick: () => dialog.close() }, no),
          h("button", { type: "submit", class: isDestructive ? "danger" : "primary" }, yes),
        ),
      ),
    );
    dialog.showModal();
    // What cannot be taken back is never one key away.
    dialog.querySelector<HTMLElement>(fields.length > 0 ? "input, textarea" : "button")?.focus();
  });
}

/** A labelled input. */
export function fieldView(field: Field): Children {
  const { name, label, value = "", kind = "text", min, max, isRequired = false, options } = field;
  const input = kind === "area"
    ? h("textarea", { name, rows: 8, spellcheck: "false", value, required: isRequired })
    : h("input", {
      name,
      type: kind,
      min,
      max,
      value,
      required: isRequired,
      autocomplete: "off",
      spellcheck: "false",
      list: options ? `${name}-options` : null,
    });
  return h(
    "label",
    { class: "field", key: name },
    h("span", null, label),
    input,
    options
      ? h("datalist", { id: `${name}-options` }, options.map((option) => h("option", { value: option })))
      : null,
  );
}
