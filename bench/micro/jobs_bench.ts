// What do finding a job by its id and keeping jobs in order cost, as their number grows?
import { bench, group } from "mitata";
import { ReadyHeap } from "../../src/core/heap.ts";
import { JobTable } from "../../src/core/jobs.ts";

const COUNTS: readonly number[] = [1000, 100_000, 5_000_000];
// A stride without a common factor with the counts visits all ids in an order no cache foresees.
const STRIDE = 7_368_787;
const PRIORITIES = 1000;

/** Registers the benches of the id index and the ready heap. */
export function jobsBenches(): void {
  for (const count of COUNTS) {
    group(`id index, ${count} jobs`, () => {
      const { jobs } = filled(count);
      let turn = 0;
      bench("find, ids in a row", () => jobs.find(++turn % count + 1));
      bench("find, ids scattered", () => jobs.find((++turn * STRIDE) % count + 1));
      bench("find, no such id", () => jobs.find(count + ++turn % count + 1));
    });
    group(`job table, ${count} jobs`, () => {
      const { jobs } = filled(count);
      let newest = count;
      let oldest = 1;
      bench("add the newest + remove the oldest", () => {
        jobs.add(++newest);
        jobs.remove(jobs.find(oldest++));
      });
      // Old jobs stay while ids go on: new ones then have the low bits of those that are still there.
      const { jobs: old } = filled(count);
      let lapped = 2 ** (Math.ceil(Math.log2(count)) + 1);
      bench("add + remove an id laps behind the oldest", () => old.remove(old.add(++lapped)));
    });
    group(`ready heap, ${count} jobs`, () => {
      const { jobs, heap } = filled(count);
      let turn = 0;
      bench("take the first + push it with another priority", () => {
        const row = heap.first;
        heap.remove(row);
        jobs.pri.set(row, (++turn * STRIDE) % PRIORITIES);
        heap.push(row);
      });
    });
  }
}

function filled(count: number): { jobs: JobTable; heap: ReadyHeap } {
  const jobs = new JobTable();
  const heap = new ReadyHeap(jobs);
  for (let id = 1; id <= count; id++) {
    const row = jobs.add(id);
    jobs.pri.set(row, (id * STRIDE) % PRIORITIES);
    heap.push(row);
  }
  return { jobs, heap };
}
