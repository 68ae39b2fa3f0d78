// Indents JSON token by token. The tokens stay as they are: parsing and writing again would change large numbers and drop
// repeated keys, and an operator must see what the job really says.

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/** The text with line breaks and indents; null when it is no JSON. */
export function prettyJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let indent = 0;
  let out = "";
  let before = "";
  for (const [token] of text.matchAll(TOKEN)) {
    const isClose = token === "}" || token === "]";
    if (isClose) indent--;
    const isEmpty = isClose && (before === "{" || before === "[");
    const breaks = (isClose && !isEmpty) || before === "," ||
      (!isClose && (before === "{" || before === "["));
    if (breaks) out += `\n${"  ".repeat(indent)}`;
    else if (before === ":") out += " ";
    out += token;
    if (token === "{" || token === "[") indent++;
    before = token;
  }
  return out;
}
