/// <reference lib="dom" />
// Short notices in a corner, which screen readers are told of.

/** How long a notice stays, in milliseconds; a bad one stays longer. */
const STAY_MS = 5000;
const STAY_BAD_MS = 12_000;

/** Tells screen readers of a change that the eyes see by themselves. */
export function whisper(text: string): void {
  document.getElementById("changes")!.textContent = text;
}

/** Shows a notice. The regions are in the page from its beginning, as live regions must be. */
export function notice(text: string, isBad: boolean): void {
  const region = document.getElementById(isBad ? "alerts" : "notices")!;
  const line = document.createElement("p");
  line.textContent = text;
  region.replaceChildren(line);
  setTimeout(() => line.remove(), isBad ? STAY_BAD_MS : STAY_MS);
}
