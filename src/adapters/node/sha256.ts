// SHA-256 by node:crypto, at once: the web's own is a promise, and commands behind a login must not wait for one.

import { createHash } from "node:crypto";

/** The digest of a text's UTF-8, 32 bytes. */
export function sha256(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text, "utf8").digest());
}
