// Live events as a stream of a response. Whoever does not read is not waited for: while as much as may wait for him is
// unsent, nothing is added; then transitions are dropped and counted, and after a while he is closed.

import { HEARTBEAT_MS, STALL_MS, UNSENT_BYTES } from "../observe/limits.ts";
import type { LiveEvents } from "../observe/live_events.ts";
import type { Interest, Subscription } from "../observe/subscription.ts";

/** How long a browser waits before it connects again, in milliseconds. */
const RETRY_MS = 2000;

class EventStream implements UnderlyingDefaultSource<Uint8Array> {
  readonly #live: LiveEvents;
  readonly #subscription: Subscription;
  readonly #stallMs: number;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isOver = false;
  #sentAt = performance.now();
  /** Since when nothing has left, or 0. */
  #stalledAt = 0;

  private constructor(live: LiveEvents, subscription: Subscription, stallMs: number) {
    this.#live = live;
    this.#stallMs = stallMs;
    this.#subscription = subscription;
  }

  static open(
    live: LiveEvents,
    interest: Interest,
    signal: AbortSignal,
    stallMs: number,
  ): EventStream | null {
    let stream: EventStream | null = null;
    const subscription = live.subscribe(interest, () => stream?.tell());
    if (subscription === null) return null;
    stream = new EventStream(live, subscription, stallMs);
    if (signal.aborted) stream.end();
    else signal.addEventListener("abort", () => stream.end(), { once: true });
    return stream;
  }

  /** The client is gone, or may not listen any more. */
  end(): void {
    if (this.#isOver) return;
    this.cancel();
    try {
      this.#controller?.close();
    } catch {
      // it was closed with the connection
    }
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#send(`retry: ${RETRY_MS}\n\n`);
  }

  /** The client is gone. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#live.unsubscribe(this.#subscription);
  }

  /** There may be something to say. */
  tell(): void {
    const controller = this.#controller;
    if (controller === null || this.#isOver) return;
    const now = performance.now();
    if ((controller.desiredSize ?? 0) <= 0) {
      if (this.#stalledAt === 0) this.#stalledAt = now;
      if (now - this.#stalledAt >= this.#stallMs) this.#giveUp(controller);
      return;
    }
    this.#stalledAt = 0;
    const text = this.#subscription.take();
    if (text !== "") this.#send(text);
    else if (now - this.#sentAt >= HEARTBEAT_MS) this.#send(":\n\n");
  }

  #send(text: string): void {
    this.#sentAt = performance.now();
    this.#controller!.enqueue(this.#encoder.encode(text));
  }

  #giveUp(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.cancel();
    const error = new Error("a client of live events does not read and is closed");
    error.stack = error.message; // Node's adapter prints what ends a response; it is no bug, so a line is enough
    controller.error(error);
  }
}

/** An endless answer; null when there are as many clients as there may be. `signal` aborts when the client goes away. */
export function eventsResponse(
  live: LiveEvents,
  interest: Interest,
  signal: AbortSignal,
  stallMs: number = STALL_MS,
): Response | null {
  const source = EventStream.open(live, interest, signal, stallMs);
  if (source === null) return null;
  const stream = new ReadableStream(source, new ByteLengthQueuingStrategy({ highWaterMark: UNSENT_BYTES }));
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}
