// A reply as the client will read it: its line in words, and its body.

import type { Job } from "./places.ts";
import { violation } from "./violation.ts";

export interface Reply {
  readonly line: string;
  readonly words: readonly string[];
  /** The body without its CR LF; lent for the call. */
  readonly body: Uint8Array;
}

/** Reads a reply's bytes; what it is made of is only lent. */
export function readReply(bytes: Uint8Array, length: number): Reply {
  let end = 0;
  while (end < length && bytes[end] !== 13) end++;
  let line = "";
  for (let i = 0; i < end; i++) line += String.fromCharCode(bytes[i]);
  const words = line.split(" ");
  const hasBody = words[0] === "RESERVED" || words[0] === "FOUND" || words[0] === "OK";
  const bodyBytes = hasBody ? Number(words[words.length - 1]) + 2 : 0;
  if (end + 2 + bodyBytes !== length) violation(`${line} comes with ${length - end - 2} bytes`);
  if (bytes[length - 2] !== 13 || bytes[length - 1] !== 10) violation(`${line} does not end with CR LF`);
  return { line, words, body: bytes.subarray(end + 2, hasBody ? length - 2 : end + 2) };
}

/** Whether a reply carries the job: its id and its body, byte for byte. */
export function checkJobReply(reply: Reply, job: Job): void {
  const { body } = job;
  if (reply.words.length !== 3 || Number(reply.words[1]) !== job.id) {
    violation(`${reply.line} is not about job ${job.id}`);
  }
  if (reply.body.length !== body.length) violation(`${reply.line}: the body had ${body.length} bytes`);
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== reply.body[i]) violation(`${reply.line}: the body differs at byte ${i}`);
  }
}
