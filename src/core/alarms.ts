// The upper level of time: a heap of the tubes and sessions that have something due, soonest first.
//
// An alarm may ring too early, never too late: when the next instant of a tube or session moves further away, its alarm
// stays, rings in vain and is set anew. So a worker that reserves and deletes touches this heap once per ttr, not twice
// per job.

import { assert } from "./assert.ts";

/** Something that has a next instant of its own. */
export interface Alarmed {
  /** When its alarm rings, in milliseconds; Infinity = not set. */
  alarmAt: number;
  /** Position in the heap; -1 = not in it. */
  alarmPlace: number;
  /** The next instant at which it really has something due. */
  readonly nextInstant: number;
}

export class Alarms {
  private readonly heap: Alarmed[] = [];

  get count(): number {
    return this.heap.length;
  }

  /** When the first alarm rings, or Infinity. */
  get soonest(): number {
    return this.heap.length === 0 ? Infinity : this.heap[0].alarmAt;
  }

  /** What rings first. */
  get first(): Alarmed | undefined {
    return this.heap[0];
  }

  /** Makes sure that the alarm rings no later than the given instant. */
  ringBy(item: Alarmed, instant: number): void {
    if (instant >= item.alarmAt) return;
    item.alarmAt = instant;
    if (item.alarmPlace < 0) {
      item.alarmPlace = this.heap.length;
      this.heap.push(item);
    }
    this.siftUp(item);
  }

  /** Sets an alarm that has just rung to the item's next instant, or takes it off. */
  setAnew(item: Alarmed): void {
    assert(this.heap[0] === item, "the alarm that rang was the first");
    const instant = item.nextInstant;
    if (instant === Infinity) return this.remove(item);
    item.alarmAt = instant;
    this.siftDown(item);
  }

  remove(item: Alarmed): void {
    const place = item.alarmPlace;
    if (place < 0) return;
    item.alarmPlace = -1;
    item.alarmAt = Infinity;
    const last = this.heap.pop()!;
    if (last === item) return;
    last.alarmPlace = place;
    this.heap[place] = last;
    this.siftUp(last);
    this.siftDown(last);
  }

  private siftUp(item: Alarmed): void {
    const { heap } = this;
    let place = item.alarmPlace;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (heap[parent].alarmAt <= item.alarmAt) break;
      heap[place] = heap[parent];
      heap[place].alarmPlace = place;
      place = parent;
    }
    heap[place] = item;
    item.alarmPlace = place;
  }

  private siftDown(item: Alarmed): void {
    const { heap } = this;
    let place = item.alarmPlace;
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && heap[child + 1].alarmAt < heap[child].alarmAt) child++;
      if (heap[child].alarmAt >= item.alarmAt) break;
      heap[place] = heap[child];
      heap[place].alarmPlace = place;
      place = child;
    }
    heap[place] = item;
    item.alarmPlace = place;
  }
}
