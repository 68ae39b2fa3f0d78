// What the load asks of every queue, so that all do the same work: producers put, workers take, handle and finish.

/** A queue under load, with its producers and workers. Bodies are latin-1 text. */
export interface Queue {
  /** Puts the bodies as one producer would put what it has at hand; resolves when the queue has confirmed all. */
  put(producer: number, bodies: readonly string[]): Promise<void>;
  /** Starts the workers. `handle` is the user's code; `finished` is told of a job once the queue knows it is done. */
  work(handle: (body: string) => Promise<void>, finished: (body: string) => void): Promise<void>;
}

/** How many of each there are. */
export interface Staff {
  readonly producers: number;
  readonly workers: number;
  /** Jobs one worker may have in its hands at the same time. */
  readonly slots: number;
}

/** Where the server is, and who works on it. */
export interface QueueSettings {
  readonly host: string;
  readonly port: number;
  /** The database of a queue that is a library ("" for one that has a server). */
  readonly path: string;
  readonly staff: Staff;
}

export type QueueKind = "own" | "jackd" | "bullmq" | "kv";

// Each is loaded only when it is used: the packages of the others may be missing, or fit another runtime.
export async function openQueue(kind: QueueKind, settings: QueueSettings): Promise<Queue> {
  switch (kind) {
    case "own":
      return await (await import("./own_queue.ts")).openOwnQueue(settings);
    case "jackd":
      return await (await import("./jackd_queue.ts")).openJackdQueue(settings);
    case "bullmq":
      return await (await import("./bullmq_queue.ts")).openBullQueue(settings);
    case "kv":
      return await (await import("./kv_queue.ts")).openKvQueue(settings);
  }
}
