// A pattern of tube names in a grant: `*` stands for any bytes, everything else for itself.

import { Glob } from "../core/glob.ts";

/** What such a pattern may hold: the bytes of tube names, and `*`. */
const PATTERN = /^[A-Za-z0-9\-+/;.$_()*]{1,200}$/;

/** The pattern of a text; null when no tube name could fit it. */
export function tubePattern(text: string): Glob | null {
  return PATTERN.test(text) && !text.startsWith("-") ? new Glob(text) : null;
}
