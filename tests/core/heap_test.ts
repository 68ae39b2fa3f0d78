import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { DeadlineHeap, ReadyHeap } from "../../src/core/heap.ts";
import { JobTable } from "../../src/core/jobs.ts";
import { DeadlineQueue, ReadyQueue } from "../../src/core/row_queue.ts";
import { Random } from "../support/random.ts";

function tableOf(count: number, random: Random): JobTable {
  const jobs = new JobTable();
  for (let id = 1; id <= count; id++) {
    const row = jobs.add(id);
    jobs.pri.set(row, random.below(50));
    jobs.deadlineAt.set(row, random.below(200));
  }
  return jobs;
}

/** Pushes all, takes some out from the middle, and drains; returns the ids in the order in which they came. */
function drain(
  heap: ReadyHeap | DeadlineHeap | ReadyQueue | DeadlineQueue,
  jobs: JobTable,
  removed: ReadonlySet<number>,
  count: number,
): number[] {
  for (let id = 1; id <= count; id++) heap.push(jobs.find(id));
  for (const id of removed) heap.remove(jobs.find(id));
  const ids: number[] = [];
  while (heap.length > 0) {
    const row = heap.first;
    ids.push(jobs.id.get(row));
    heap.remove(row);
  }
  return ids;
}

describe("heaps and queues", () => {
  const count = 20_000; // more than a page
  const random = new Random(3);
  const jobs = tableOf(count, random);
  const removed = new Set(Array.from({ length: 5000 }, () => 1 + random.below(count)));
  const left = Array.from({ length: count }, (_, i) => i + 1).filter((id) => !removed.has(id));
  const priOf = (id: number): number => jobs.pri.get(jobs.find(id));
  const deadlineOf = (id: number): number => jobs.deadlineAt.get(jobs.find(id));

  it("give ready jobs by priority, then id", () => {
    const expected = left.toSorted((a, b) => priOf(a) - priOf(b) || a - b);
    assertEquals(drain(new ReadyHeap(jobs), jobs, removed, count), expected);
    assertEquals(drain(new ReadyQueue(jobs), jobs, removed, count), expected);
  });

  it("give timed jobs by deadline, then id", () => {
    const expected = left.toSorted((a, b) => deadlineOf(a) - deadlineOf(b) || a - b);
    assertEquals(drain(new DeadlineHeap(jobs), jobs, removed, count), expected);
    assertEquals(drain(new DeadlineQueue(jobs), jobs, removed, count), expected);
  });

  it("find a job's new place when its deadline moves back", () => {
    const queue = new DeadlineQueue(jobs);
    for (let id = 1; id <= 100; id++) queue.push(jobs.find(id));
    const first = queue.first;
    jobs.deadlineAt.set(first, 1000);
    queue.moveBack(first);
    for (let i = 0; i < 99; i++) queue.remove(queue.first);
    assertEquals([queue.first, queue.soonest], [first, 1000]);
  });

  it("keep what comes in order out of the heap, also when it comes back to the front", () => {
    const table = new JobTable();
    const rows = Array.from({ length: 1000 }, (_, i) => table.add(i + 1));
    const queue = new ReadyQueue(table);
    for (const row of rows) queue.push(row);
    for (const row of [rows[0], rows[1]]) queue.remove(row);
    for (const row of [rows[1], rows[0]]) queue.push(row);
    assertEquals([queue.heap.length, queue.run.length, queue.first], [0, 1000, rows[0]]);
    queue.remove(rows[500]);
    queue.push(rows[500]);
    assertEquals([queue.heap.length, queue.run.length, queue.first], [1, 999, rows[0]]);
  });

  it("order priorities above 2^31 as unsigned", () => {
    const table = new JobTable();
    for (const [id, pri] of [[1, 4294967295], [2, 0], [3, 2147483648]]) table.pri.set(table.add(id), pri);
    assertEquals(drain(new ReadyHeap(table), table, new Set(), 3), [2, 3, 1]);
    assertEquals(drain(new ReadyQueue(table), table, new Set(), 3), [2, 3, 1]);
  });
});
