// Patterns for names: `*` stands for any characters, none included, `?` for one, everything else for itself.

/** Answers whether a name fits. Costs at most the product of both lengths, whatever the pattern. */
export function globMatcher(pattern: string): (name: string) => boolean {
  return pattern === "*" ? () => true : (name) => fits(pattern, name);
}

function fits(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  // The last `*`, and the first character that it does not stand for yet.
  let star = -1;
  let taken = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      taken = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++taken;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
