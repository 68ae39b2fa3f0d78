// Patterns for tube names: `*` stands for any characters, none included; everything else for itself.

/** Answers whether a name fits. Without a `*` only the name itself does. */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (pattern === "*") return () => true;
  const parts = pattern.split("*");
  if (parts.length === 1) return (name) => name === pattern;
  const first = parts[0];
  const last = parts[parts.length - 1];
  const middle = parts.slice(1, -1);
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    // Each part as far to the left as it goes: whatever could fit later still can.
    let from = first.length;
    const end = name.length - last.length;
    for (const part of middle) {
      const at = name.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}
