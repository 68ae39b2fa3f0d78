/// <reference lib="dom" />
// The keyboard's shortcuts. None of them works while something is typed or a dialog is open.

import type { WordKey } from "./words.ts";

export type KeyAct = "problems" | "tubes" | "connections" | "server" | "search" | "help" | "reload" | "theme";

/** What to press, in order; shown in the help. */
export const SHORTCUTS: readonly (readonly [string, KeyAct, WordKey])[] = [
  ["/", "search", "keys.search"],
  ["g p", "problems", "keys.problems"],
  ["g t", "tubes", "keys.tubes"],
  ["g c", "connections", "keys.connections"],
  ["g s", "server", "keys.server"],
  ["r", "reload", "keys.reload"],
  ["d", "theme", "keys.theme"],
  ["?", "help", "keys.help"],
];

/** How long a first key waits for its second, in milliseconds. */
const PAIR_MS = 1500;

/** Watches the keyboard for as long as the page is open. */
export function listenForKeys(run: (act: KeyAct) => void): void {
  let first = "";
  let firstAt = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const keys = first !== "" && event.timeStamp - firstAt < PAIR_MS ? `${first} ${event.key}` : event.key;
    first = "";
    const found = SHORTCUTS.find(([wanted]) => wanted === keys);
    if (found) {
      event.preventDefault();
      run(found[1]);
    } else if (SHORTCUTS.some(([wanted]) => wanted.startsWith(`${event.key} `))) {
      first = event.key;
      firstAt = event.timeStamp;
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
