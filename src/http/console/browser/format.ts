/// <reference lib="dom" />
// Numbers and times as people read them.

import type { Language, Translate } from "./words.ts";

export interface Format {
  /** 12,345 */
  count(value: number): string;
  /** 12.3k for where there is little room. */
  short(value: number): string;
  /** A rate per second. */
  rate(value: number): string;
  bytes(value: number): string;
  /** 4 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
  seconds(value: number): string;
  /** Milliseconds, microseconds or seconds, whichever is legible. */
  ms(value: number | null): string;
  time(iso: string): string;
  clock(iso: string): string;
}

const UNITS: readonly (readonly [number, "d" | "h" | "min" | "s"])[] = [[86400, "d"], [3600, "h"], [
  60,
  "min",
], [1, "s"]];

export function createFormat(language: Language, t: Translate): Format {
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  const whole = new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-US", { maximumFractionDigits: 0 });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const short = (value: number): string => {
    if (value < 10_000) return whole.format(value);
    if (value < 1e6) return `${tenths(value / 1e3)}k`;
    return value < 1e9 ? `${tenths(value / 1e6)}M` : `${tenths(value / 1e9)}G`;
  };
  return {
    count: (value) => whole.format(value),
    short,
    rate: (value) => value === 0 ? "0" : value < 10 ? value.toFixed(1) : short(value),
    bytes: (value) => {
      if (value < 1024) return `${whole.format(value)} B`;
      const power = Math.min(4, Math.floor(Math.log2(value) / 10));
      return `${tenths(value / 1024 ** power)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
    },
    seconds: (value) => {
      const total = Math.max(0, Math.floor(value));
      const at = UNITS.findIndex(([size]) => total >= size);
      if (at < 0) return `0 ${t("unit.s")}`;
      const [size, unit] = UNITS[at];
      const first = `${Math.floor(total / size)} ${t(`unit.${unit}`)}`;
      const below = UNITS[at + 1];
      const rest = below ? Math.floor((total % size) / below[0]) : 0;
      return rest === 0 ? first : `${first} ${rest} ${t(`unit.${below[1]}`)}`;
    },
    ms: (value) => {
      if (value === null) return "–";
      if (value === 0) return "0";
      if (value >= 1000) return `${tenths(value / 1000)} ${t("unit.s")}`;
      return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(value < 1 ? 2 : 1)} ms`;
    },
    time: (iso) => moment.format(new Date(iso)),
    clock: (iso) => clock.format(new Date(iso)),
  };
}

function tenths(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}
