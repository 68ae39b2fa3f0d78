// The YAML documents that a server sends, as plain objects and lists. They hold only `key: value` and `- item` lines.

import type { JobList, ListedJob, Stats } from "./face.ts";
import { textOf } from "./codec.ts";

const FIELD = /^([^\s:]+): (.*)$/;
const WHOLE_OR_DECIMAL = /^-?\d+(\.\d+)?$/;
/** Names that may look like numbers and are none. */
const TEXTS = new Set(["name", "tube", "hostname", "os", "platform", "version", "id"]);

/** A document of fields. A job's `id` is a number, a server's a word of 16 hexadecimal digits. */
export function fieldsOf(bytes: Uint8Array): Stats {
  return fieldsIn(textOf(bytes));
}

function fieldsIn(text: string): Stats {
  const fields: Record<string, string | number> = {};
  for (const line of text.split("\n")) {
    const match = FIELD.exec(line);
    if (match !== null) fields[match[1]] = valueOf(match[1], match[2]);
  }
  if (typeof fields.state === "string" && typeof fields.id === "string") fields.id = Number(fields.id);
  return fields;
}

/** A document of items. */
export function itemsOf(bytes: Uint8Array): string[] {
  return textOf(bytes).split("\n").filter((line) => line.startsWith("- ")).map((line) =>
    unquoted(line.slice(2))
  );
}

/** The document of list-jobs. */
export function jobListOf(bytes: Uint8Array): JobList {
  const [head, ...entries] = textOf(bytes).split("\n- ");
  const { cursor, cut } = fieldsIn(head);
  const jobs = entries.map((entry) => fieldsIn(entry.replaceAll("\n  ", "\n")) as ListedJob);
  return { jobs, cursor: cursor === "" ? null : String(cursor), isCut: cut === "true" };
}

function valueOf(key: string, text: string): string | number {
  const value = unquoted(text);
  return !TEXTS.has(key) && WHOLE_OR_DECIMAL.test(value) ? Number(value) : value;
}

/** 1.13 puts names between quotes, 1.12 does not. */
function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
