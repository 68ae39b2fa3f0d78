// A job on the terminal and in JSON.

import type { JobStats } from "../../../client/face.ts";
import type { Printer } from "../../printer.ts";
import { printable } from "./table.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

/** A body as JSON carries it: text if it is UTF-8, else base64. */
export function bodyFields(body: Uint8Array): { body: string } | { bodyBase64: string } {
  try {
    return { body: strict.decode(body) };
  } catch {
    return { bodyBase64: Buffer.from(body).toString("base64") };
  }
}

/** Prints a job: a line of JSON, or its numbers and then its body. */
export function sayJob(
  printer: Printer,
  isJson: boolean,
  id: number,
  body: Uint8Array,
  stats: JobStats | null,
): void {
  if (isJson) return printer.say(JSON.stringify({ id, ...bodyFields(body), ...stats }));
  if (stats !== null) {
    const fields = Object.entries(stats).map(([key, value]) => `${key}=${printable(String(value))}`);
    printer.say(fields.join(" "));
  }
  const fields = bodyFields(body);
  printer.say("body" in fields ? withLineEnds(fields.body) : `base64:${fields.bodyBase64}`);
}

/** Lines and tabs stay, all else that steers a terminal does not. */
function withLineEnds(text: string): string {
  return text.split(/\r?\n/).map((line) => line.split("\t").map(printable).join("\t")).join("\n");
}
