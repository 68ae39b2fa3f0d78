// Bodies that say which put they came from, and whose every byte follows from that. Strings are latin-1, a character a byte.

/** All byte values in no order that repeats soon, line ends and zeros among them. */
const FILLING: string = (() => {
  const codes: number[] = [];
  let state = 12_345;
  for (let i = 0; i < 70_000; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    codes.push(state >> 16 & 255);
  }
  let text = "";
  for (let i = 0; i < codes.length; i += 1000) text += String.fromCharCode(...codes.slice(i, i + 1000));
  return text;
})();

/** A body of about so many bytes for a put that is known by its tag; longer when the tag does not fit. */
export function bodyFor(tag: string, bytes: number): string {
  const head = `${tag} ${bytes}|`;
  const from = hash(tag) % 4000;
  return head + FILLING.slice(from, from + Math.max(0, bytes - head.length));
}

/** The tag of an intact body; null when any byte of it is wrong. */
export function tagOf(body: string): string | null {
  const head = /^([\w.-]+) (\d+)\|/.exec(body);
  return head !== null && body === bodyFor(head[1], Number(head[2])) ? head[1] : null;
}

function hash(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum, 31) + text.charCodeAt(i) >>> 0;
  return sum;
}
