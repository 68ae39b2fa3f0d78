// A pattern of tube names: `*` stands for any bytes, everything else for itself. Cost: pattern times name at worst, both of
// which are short; no pattern takes longer.

const STAR = 0x2a;
/** What a pattern may hold: the bytes of tube names, and `*`. */
const PATTERN = /^[A-Za-z0-9\-+/;.$_()*]{1,200}$/;
const encoder = new TextEncoder();

export class TubePattern {
  readonly text: string;
  /** It names every tube there may be. */
  readonly isAll: boolean;
  private readonly bytes: Uint8Array;

  private constructor(text: string) {
    this.text = text;
    this.isAll = /^\*+$/.test(text);
    this.bytes = encoder.encode(text);
  }

  /** The pattern of a text; null when no tube name could fit it. */
  static parse(text: string): TubePattern | null {
    return PATTERN.test(text) && !text.startsWith("-") ? new TubePattern(text) : null;
  }

  /** Whether `name[from, to)` fits. */
  fits(name: Uint8Array, from: number = 0, to: number = name.length): boolean {
    const { bytes } = this;
    let at = 0;
    let star = -1;
    let resume = from;
    for (let i = from; i < to;) {
      if (at < bytes.length && bytes[at] === STAR) {
        star = at++;
        resume = i;
      } else if (at < bytes.length && bytes[at] === name[i]) {
        at++;
        i++;
      } else if (star >= 0) {
        at = star + 1;
        i = ++resume; // the star takes one byte more
      } else return false;
    }
    while (at < bytes.length && bytes[at] === STAR) at++;
    return at === bytes.length;
  }
}
