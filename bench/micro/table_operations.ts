// What do finding a job by its id and keeping jobs in order cost, as their number grows?
import { ReadyHeap } from "../../src/core/heap.ts";
import { JobTable } from "../../src/core/jobs.ts";
import type { OperationGroup } from "./operation.ts";

const STRETCH = 2000;
const COUNTS: readonly number[] = [10_000, 100_000, 5_000_000];
// A stride without a common factor with the counts visits all ids in an order no cache foresees.
const STRIDE = 7_368_787;
const PRIORITIES = 1000;

/** The id index, the job table and the ready heap with few and with many jobs. */
export function tableGroups(): OperationGroup[] {
  return COUNTS.map((count) => tableGroup(count));
}

function tableGroup(count: number): OperationGroup {
  const { jobs, heap } = filled(count);
  let turn = 0;
  let newest = count;
  let oldest = 0;
  const find = (id: (turn: number) => number) => (): number => {
    let rows = 0;
    for (let i = 0; i < STRETCH; i++) rows += jobs.find(id(++turn));
    return rows;
  };
  const rows = new Uint32Array(STRETCH);
  return {
    name: `tables, ${count} jobs`,
    operations: [
      { name: "id index: find, ids in a row", count: STRETCH, run: find((i) => oldest + i % count + 1) },
      {
        name: "id index: find, ids scattered",
        count: STRETCH,
        run: find((i) => oldest + (i * STRIDE) % count + 1),
      },
      { name: "id index: find, no such id", count: STRETCH, run: find((i) => newest + i % count + 1) },
      {
        name: "job table: add the newest + remove the oldest",
        count: STRETCH,
        run() {
          for (let i = 0; i < STRETCH; i++) {
            const row = jobs.find(++oldest);
            heap.remove(row);
            jobs.remove(row);
            const added = jobs.add(++newest);
            jobs.pri.set(added, (newest * STRIDE) % PRIORITIES);
            heap.push(added);
          }
        },
      },
      {
        name: "ready heap: take the first",
        count: STRETCH,
        run() {
          for (let i = 0; i < STRETCH; i++) heap.remove(rows[i] = heap.first);
        },
        after: () => rows.forEach((row) => heap.push(row)),
      },
      {
        name: "ready heap: push",
        count: STRETCH,
        before() {
          for (let i = 0; i < STRETCH; i++) heap.remove(rows[i] = heap.first);
        },
        run() {
          for (let i = 0; i < STRETCH; i++) heap.push(rows[i]);
        },
      },
    ],
  };
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
