// What does room for a body cost, and what does copying one in and out?
import { Bodies } from "../../src/core/bodies.ts";
import type { OperationGroup } from "./operation.ts";

const STRETCH = 2000;
const SIZES: readonly number[] = [12, 102, 1026, 8194];

/** Slabs with one size of body each, and with all of them mixed. */
export function bodyGroups(): OperationGroup[] {
  return SIZES.map((bytes) => bodyGroup(bytes));
}

function bodyGroup(bytes: number): OperationGroup {
  const bodies = new Bodies();
  const addresses = new Uint32Array(STRETCH);
  const chunk = new Uint8Array(65_536);
  const reader = {
    copied: 0,
    copy(_source: Uint8Array, from: number, to: number): void {
      this.copied += to - from;
    },
    keep(): void {},
  };
  const allocate = (): void => {
    for (let i = 0; i < STRETCH; i++) addresses[i] = bodies.allocate(bytes);
  };
  const free = (): void => {
    for (let i = 0; i < STRETCH; i++) bodies.free(addresses[i], bytes);
  };
  // So many stay that slabs neither come nor go within a stretch.
  for (let i = 0; i < 10; i++) bodies.allocate(bytes);
  return {
    name: `slabs, bodies of ${bytes} B`,
    operations: [
      { name: "allocate", count: STRETCH, run: allocate, after: free },
      { name: "free", count: STRETCH, before: allocate, run: free },
      {
        name: "write",
        count: STRETCH,
        before: allocate,
        run() {
          for (let i = 0; i < STRETCH; i++) bodies.write(addresses[i], bytes, 0, chunk, i, i + bytes);
        },
        after: free,
      },
      {
        name: "read",
        count: STRETCH,
        before: allocate,
        run() {
          for (let i = 0; i < STRETCH; i++) bodies.read(addresses[i], bytes, reader);
          return reader.copied;
        },
        after: free,
      },
    ],
  };
}
