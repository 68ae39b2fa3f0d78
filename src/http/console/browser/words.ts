/// <reference lib="dom" />
// The console's two languages. A word is looked up by its key; `{n}` is filled in, `{n|job|jobs}` chooses by number.

import { ENGLISH } from "./words_en.ts";
import { CHINESE } from "./words_zh.ts";

export type Language = "en" | "zh";
export type WordKey = keyof typeof ENGLISH;
export type Values = Readonly<Record<string, string | number>>;
export type Translate = (key: WordKey, values?: Values) => string;

const STORED = "runnerbean.language";

/** What was chosen before, else what the browser asks for. */
export function preferredLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "zh") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function storeLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
}

/** Whether there are words for a key that was put together. */
export function hasWord(key: string): boolean {
  return Object.hasOwn(ENGLISH, key);
}

export function translator(language: Language): Translate {
  const words: Readonly<Record<WordKey, string>> = language === "zh" ? CHINESE : ENGLISH;
  return (key, values = {}) =>
    words[key].replaceAll(
      /\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g,
      (whole, name: string, one?: string, many?: string) => {
        const value = values[name];
        if (value === undefined) return whole;
        if (one === undefined) return String(value);
        return String(value) === "1" ? one : many ?? "";
      },
    );
}
