// Started by allocation_test.ts: prints what each operation of the core allocates, as JSON, once those that should allocate
// nothing do so, or after some tries. (Code that the runtime has not yet compiled may allocate; that is not what is asked.)
import process from "node:process";
import { engineOperations } from "../../bench/micro/engine_operations.ts";
import {
  allocationsOf,
  NOTHING,
  ONE_OBJECT,
  type OperationFigures,
} from "../../bench/micro/measure_operations.ts";
import { NOTHING_BYTES, WITHOUT_ALLOCATION } from "./expected_allocations.ts";

const BACKLOG = 1000;
const TRIES = 5;
const WARM_UP_STRETCHES = 60;
const SAMPLES = 15;

const groups = [
  { name: "control", operations: [NOTHING, ONE_OBJECT] },
  { name: "engine", operations: engineOperations(BACKLOG) },
];

function figuresAfterSomeTries(): OperationFigures[] {
  for (let tries = 1;; tries++) {
    const figures = allocationsOf(groups, WARM_UP_STRETCHES, SAMPLES);
    const isAsExpected = figures.every(({ name, bytes }) =>
      !WITHOUT_ALLOCATION.includes(name) || bytes!.least < NOTHING_BYTES
    );
    if (isAsExpected || tries === TRIES) return figures;
  }
}

process.stdout.write(JSON.stringify(figuresAfterSomeTries()) + "\n");
