// The queue in this process, as the face reaches it: tasks on peers of the server.

import { abortable } from "../client/abortable.ts";
import type {
  Answer,
  Backend,
  DeleteOutcome,
  Lane,
  PutBodies,
  PutNumbers,
  PutOutcome,
  Reserved,
} from "../client/backend.ts";
import { DisconnectedError, QueueError } from "../client/errors.ts";
import { AtOnce, LocalPeer } from "../server/local_peer.ts";
import type { LocalOwner } from "../server/local_peer.ts";
import { DeleteTask, PutTask, ReserveTask } from "../server/local_batches.ts";
import { LineTask, WatchTask } from "../server/local_line.ts";
import type { Task } from "../server/local_task.ts";

const encoder = new TextEncoder();
const NO_MEMORY = "the queue has no memory for another session or its tubes";

/** Runs a task; resolves with it when its outcome may be known. */
function outcome<T extends Task>(peer: LocalPeer, task: T): Promise<T> {
  return new Promise((resolve, reject) => {
    task.finished = () => resolve(task);
    task.failed = (hasServerFailed, hasRun) => reject(stoppedError(hasServerFailed, hasRun));
    peer.run(task);
  });
}

function stoppedError(hasServerFailed: boolean, hasRun: boolean): QueueError {
  if (hasServerFailed) {
    return new QueueError(
      "JOURNAL_FAILED",
      "the store failed and the queue has stopped; this may not be kept",
    );
  }
  const isUnsure = hasRun ? " before the store had this; it may not be kept" : "";
  return new QueueError("CLOSED", `the queue is closed${isUnsure}`);
}

export class LocalBackend implements Backend {
  private readonly server: LocalOwner;
  private readonly stop: () => Promise<void>;
  private readonly atOnce: AtOnce | null;
  /** Runs what needs no lease. */
  private readonly peer: LocalPeer;
  private readonly names = new TubeNames();

  /** `isKept`: there is a journal, so that outcomes wait for the end of their turn. */
  constructor(server: LocalOwner, isKept: boolean, stop: () => Promise<void>) {
    this.server = server;
    this.stop = stop;
    this.atOnce = isKept ? null : new AtOnce();
    this.peer = attach(server, this.atOnce);
  }

  put(
    tube: string,
    { bodies, areLent }: PutBodies,
    { priority, delay, ttr }: PutNumbers,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const task = new PutTask(this.names.bytesOf(tube), bodies, priority, delay, ttr);
    const put = outcome(this.peer, task);
    if (areLent && !task.isOver) task.keepBodies();
    return abortable(put, signal);
  }

  maxJobBytes(): Promise<number | null> {
    return Promise.resolve(this.server.facts.maxJobBytes);
  }

  ask(tube: string | null, line: string): Promise<Answer> {
    return outcome(this.peer, new LineTask(line, tube === null ? null : this.names.bytesOf(tube)));
  }

  openLane(tubes: readonly string[]): Lane {
    if (!this.server.engine.admitsSession()) throw new QueueError("OUT_OF_MEMORY", NO_MEMORY);
    const peer = attach(this.server, this.atOnce);
    return new LocalLane(peer, tubes.map((tube) => this.names.bytesOf(tube)));
  }

  recover(): Promise<void> {
    return Promise.reject(new QueueError("CLOSED", "the queue is closed"));
  }

  close(): Promise<void> {
    return this.stop();
  }
}

class LocalLane implements Lane {
  onLost: () => void = () => {};
  private readonly peer: LocalPeer;
  private readonly watch: WatchTask;

  constructor(peer: LocalPeer, tubes: readonly Uint8Array[]) {
    this.peer = peer;
    // Later, since those who are told may call the queue, which is in the middle of something now.
    peer.onEnd = () => queueMicrotask(() => this.onLost());
    this.watch = new WatchTask(tubes);
    peer.run(this.watch);
  }

  get isLost(): boolean {
    return this.peer.isClosed;
  }

  async reserve(count: number, timeout: number | null, signal: AbortSignal | undefined): Promise<Reserved> {
    const { peer, watch } = this;
    const granted = outcome(peer, new ReserveTask(count, timeout, watch));
    const reserved = signal === undefined ? granted : endedBy(signal, granted, () => peer.endWait());
    const jobs = await reserved;
    if (watch.isRefused) throw new QueueError("OUT_OF_MEMORY", NO_MEMORY);
    return jobs;
  }

  ask(line: string): Promise<Answer> {
    return outcome(this.peer, new LineTask(line, null));
  }

  delete(ids: readonly number[]): Promise<DeleteOutcome> {
    if (this.isLost) return Promise.reject(new DisconnectedError("the queue is closed", false));
    return outcome(this.peer, new DeleteTask(ids));
  }

  close(): void {
    this.peer.close();
  }
}

/** A job that was granted before the signal came is handed over all the same. */
async function endedBy(signal: AbortSignal, reserved: Promise<Reserved>, end: () => void): Promise<Reserved> {
  signal.addEventListener("abort", end, { once: true });
  try {
    const jobs = await reserved;
    if (jobs.ids.length === 0) signal.throwIfAborted();
    return jobs;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function attach(server: LocalOwner, atOnce: AtOnce | null): LocalPeer {
  let peer: LocalPeer | undefined;
  server.attach((session, number) => {
    return peer = new LocalPeer(server, session, atOnce, { number, kind: "local", peerAddress: null });
  });
  return peer!;
}

/** Names as bytes, the last ones kept: mostly it is one and the same. */
class TubeNames {
  private readonly known = new Map<string, Uint8Array>();

  bytesOf(name: string): Uint8Array {
    let bytes = this.known.get(name);
    if (bytes !== undefined) return bytes;
    if (this.known.size >= 1000) this.known.clear();
    bytes = encoder.encode(name);
    this.known.set(name, bytes);
    return bytes;
  }
}
