// A queue with its log, driven directly.

import { Engine } from "../../src/core/engine.ts";
import type { Binlog, SyncPolicy } from "../../src/journal/binlog.ts";
import { openLog, type Recovered } from "../../src/journal/recovery.ts";
import type { Files } from "../../src/ports/files.ts";
import { DrivenQueue, T0 } from "./driven_queue.ts";

export { describeJobs, T0 } from "./driven_queue.ts";

export interface LoggedQueueOptions {
  readonly segmentBytes: number;
  readonly sync?: SyncPolicy;
  /** When it is opened, in milliseconds since 1970. */
  readonly now?: number;
  /** How far the machine's clock is ahead of the queue's, in milliseconds. */
  readonly wallOffset?: () => number;
  /** Of a new log. */
  readonly identity?: Uint8Array;
}

const IDENTITY = new Uint8Array(16).map((_, index) => index + 1);

export class LoggedQueue extends DrivenQueue {
  readonly binlog: Binlog;
  readonly recovered: Recovered;

  constructor(files: Files, options: LoggedQueueOptions) {
    const engine = new Engine();
    const now = options.now ?? T0;
    const recovered = openLog(files, engine, {
      segmentBytes: options.segmentBytes,
      sync: options.sync ?? { kind: "always" },
      stopwatch: () => 0,
      now,
      wallOffset: options.wallOffset,
      identity: options.identity ?? IDENTITY,
    });
    super(engine, recovered.binlog, now);
    this.recovered = recovered;
    this.binlog = recovered.binlog;
  }
}
