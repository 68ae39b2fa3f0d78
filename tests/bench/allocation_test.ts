// The core makes no garbage: put, reserve, delete, release and the like allocate nothing on the runtime's heap.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertGreaterOrEqual } from "@std/assert";
import type { OperationFigures } from "../../bench/micro/measure_operations.ts";
import { allocationCommand } from "../../bench/support/allocation.ts";
import { RUNTIME } from "../support/runtime.ts";
import { NOTHING_BYTES, WITHOUT_ALLOCATION } from "./expected_allocations.ts";

const PROGRAM = fileURLToPath(new URL("core_allocations.ts", import.meta.url));
/** No runtime makes an object with one field of fewer bytes. */
const SMALLEST_OBJECT_BYTES = 12;

function allocations(): Map<string, number> {
  const { command, environment } = allocationCommand(RUNTIME, process.execPath, [PROGRAM]);
  const [file, ...args] = command;
  const printed = execFileSync(file, args, { encoding: "utf8", env: { ...process.env, ...environment } });
  const all = JSON.parse(printed) as OperationFigures[];
  return new Map(all.map(({ name, bytes }) => [name, bytes!.least]));
}

describe("allocations of the core", () => {
  let bytes = new Map<string, number>();
  before(() => {
    bytes = allocations();
  });

  it("are counted: one object per operation shows, and where there is none nothing shows", () => {
    assertGreaterOrEqual(bytes.get("one object {n}")!, SMALLEST_OBJECT_BYTES);
    assert(Math.abs(bytes.get("nothing")!) < NOTHING_BYTES, `nothing allocates ${bytes.get("nothing")} B`);
  });

  for (const name of WITHOUT_ALLOCATION) {
    it(`${name}: none`, () => {
      assert(bytes.get(name)! < NOTHING_BYTES, `${name} allocates ${bytes.get(name)} B an operation`);
    });
  }
});
