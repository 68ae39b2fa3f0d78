/**
 * The client: a queue on a server, reached over TCP, and the worker.
 *
 * @example
 * ```ts
 * import { connect } from "@runnerbean/runnerbean/client";
 *
 * await using queue = await connect({ port: 11300 });
 * const tube = queue.tube("thumbnails");
 * await tube.put("cat.png");
 * const job = await tube.reserve({ timeout: 5 });
 * await job?.delete();
 * ```
 *
 * @module
 */
export { exponentialBackoff } from "./backoff.ts";
export type { BackoffOptions } from "./backoff.ts";
export { BaseQueue } from "./base_queue.ts";
export { Client, connect } from "./connect.ts";
export type { ConnectOptions } from "./connect.ts";
export type { DialTls } from "../ports/dial.ts";
export type { ClientEvent } from "./client_event.ts";
export {
  BatchError,
  DisconnectedError,
  InvalidBodyError,
  JobTooBigError,
  LostLeaseError,
  PermissionError,
  QueueError,
} from "./errors.ts";
export type { BodyIssue, ErrorCode } from "./errors.ts";
export type * from "./face.ts";
export { json } from "./standard_schema.ts";
export type * from "./serialized.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard_schema.ts";
export { Worker, worker } from "./worker.ts";
export type { Handler, WorkContext, WorkerOptions, WorkEvent } from "./worker_options.ts";
