// A job as it is seen without holding it.

import type { Answer } from "./backend.ts";
import { textOf } from "./codec.ts";
import { refusal } from "./errors.ts";
import type { PeekedJob } from "./face.ts";

/** What a peek answered; null when nothing was found. */
export function peekedJob(answer: Answer, line: string): PeekedJob | null {
  if (answer.word === "NOT_FOUND") return null;
  const { bytes } = answer;
  if (bytes === null) throw refusal(answer.word, line);
  return { id: answer.number, body: bytes, text: () => textOf(bytes) };
}
