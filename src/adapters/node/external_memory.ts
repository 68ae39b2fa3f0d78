// How V8 on Node counts memory outside its heap: job bodies and what is read from sockets.
//
// By default it collects all garbage for every 64 MiB that came to it since the last time, which while a queue of large
// bodies fills is many times a second. With this flag that memory has a part in the limit that grows with the whole.

import process from "node:process";
import v8 from "node:v8";

/** The major version that has the flag (15 has not); another would complain of it on the standard error. */
const MAJOR = 14;

/** To be called at the start, before the queue grows. On Node only. */
export function countExternalMemoryAsHeap(): void {
  if (parseInt(process.versions.v8) === MAJOR) {
    v8.setFlagsFromString("--external-memory-accounted-in-global-limit");
  }
}
