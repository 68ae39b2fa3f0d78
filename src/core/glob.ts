// Patterns of names: `*` stands for any characters, none included, `?` for one, everything else for itself.
// Cost: pattern times name at worst, both of which are short; no pattern takes longer.

const STAR = 0x2a;
const ANY = 0x3f;
const encoder = new TextEncoder();

export class Glob {
  readonly text: string;
  /** It fits every name there may be. */
  readonly isAll: boolean;
  private readonly bytes: Uint8Array;

  constructor(text: string) {
    this.text = text;
    this.isAll = /^\*+$/.test(text);
    this.bytes = encoder.encode(text);
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
      } else if (at < bytes.length && (bytes[at] === name[i] || bytes[at] === ANY)) {
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

  /** The same for a name as text. */
  fitsText(name: string): boolean {
    return this.isAll || this.fits(encoder.encode(name));
  }
}
