import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type Alarmed, Alarms } from "../../src/core/alarms.ts";
import { Random } from "../support/random.ts";

class Item implements Alarmed {
  alarmAt = Infinity;
  alarmPlace = -1;
  nextInstant = Infinity;
}

describe("Alarms", () => {
  it("ring for everything that is due, never late", () => {
    const random = new Random(9);
    const alarms = new Alarms();
    const items = Array.from({ length: 300 }, () => new Item());
    let now = 0;
    for (let step = 0; step < 50_000; step++) {
      const item = random.pick(items);
      if (random.chance(0.1)) {
        item.nextInstant = Infinity;
        alarms.remove(item);
      } else {
        item.nextInstant = now + random.below(100);
        alarms.ringBy(item, item.nextInstant);
      }
      if (random.chance(0.3)) now += random.below(5);
      while (alarms.soonest <= now) {
        const first = alarms.first as Item;
        if (first.nextInstant <= now) first.nextInstant = Infinity;
        alarms.setAnew(first);
      }
      const late = items.filter((each) => each.nextInstant <= now || each.alarmAt > each.nextInstant);
      assertEquals(late.length, 0);
    }
    assert(alarms.count <= items.length);
  });
});
