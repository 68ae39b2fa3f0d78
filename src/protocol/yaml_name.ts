// Which tube names YAML would take for something else than text. Most need no quotes, and tools that read the documents line by
// line would take the quotes for a part of the name. A parser of YAML 1.1 or 1.2 must find the name in either form.

/** Words for truth and nothing. YAML knows some of them in certain cases only, and some parsers in every case. */
const WORDS: ReadonlySet<string> = new Set(["null", "true", "false", "yes", "no", "on", "off", "y", "n"]);
const LONGEST_WORD = 5;

/** Numbers of both versions, once underscores between their digits are gone: 12, 017, 0o17, 0x1f, 0b1, 1.5, 1.2.3, .5, 1e3, .inf. */
const NUMBER =
  /^[-+]?(?:\d+|0b[01]+|0o[0-7]+|0x[\da-f]+|\d*\.[\d.]*(?:e[-+]?\d+)?|\d+e[-+]?\d+|\.inf|\.nan)$/i;
/** In YAML 1.1 these are numbers even when nothing but underscores follows. */
const PREFIX_ONLY = /^[-+]?0[bx]_+$/i;
const DATE = /^\d{4}-\d\d?-\d\d?$/;

/** By first byte: what a name that begins with it might be. */
const MAYBE_WORD = 1;
const MAYBE_NUMBER = 2;
const KINDS: Uint8Array = kindsByFirstByte();
/** Bytes that a number or a date may hold. */
const NUMERIC: Uint8Array = marked("0123456789+-._abcdefABCDEFoOxXnNiI");

/**
 * Whether a tube's name must stand between quotes in a YAML document. `name` keeps the rules for names: letters, digits and
 * `-+/;.$_()`, the first no hyphen.
 */
export function needsQuotes(name: Uint8Array): boolean {
  switch (KINDS[name[0]]) {
    case MAYBE_WORD:
      return name.length <= LONGEST_WORD && WORDS.has(text(name).toLowerCase());
    case MAYBE_NUMBER:
      return name.every((byte) => NUMERIC[byte] === 1) && isNumber(text(name));
    default:
      return false;
  }
}

function isNumber(name: string): boolean {
  return NUMBER.test(name.replaceAll("_", "")) || PREFIX_ONLY.test(name) || DATE.test(name);
}

function kindsByFirstByte(): Uint8Array {
  const kinds = new Uint8Array(256);
  for (const word of WORDS) {
    for (const first of [word[0], word[0].toUpperCase()]) kinds[first.charCodeAt(0)] = MAYBE_WORD;
  }
  for (const first of "0123456789+.") kinds[first.charCodeAt(0)] = MAYBE_NUMBER;
  return kinds;
}

function marked(characters: string): Uint8Array {
  const marks = new Uint8Array(256);
  for (const character of characters) marks[character.charCodeAt(0)] = 1;
  return marks;
}

function text(name: Uint8Array): string {
  return String.fromCharCode(...name);
}
