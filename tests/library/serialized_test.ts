// What JSON makes of a value is what the type Serialized says: the compiler's half is checked, and compared with what comes back.
import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { json, Queue, type Serialized } from "../../mod.ts";
import { findRuntime, RUNTIME } from "../support/runtime.ts";
import { PROJECT_DIR, startProcess } from "../support/server_process.ts";

const AT = new Date(Date.UTC(2026, 10, 30));

describe("a body that has gone through JSON", () => {
  it("is what its type says", async () => {
    interface Sent {
      at: Date;
      dates: (Date | undefined)[];
      none?: Date;
      gone: () => void;
      names: Set<string>;
    }
    const sent: Sent = { at: AT, dates: [AT, undefined], gone: () => {}, names: new Set(["a"]) };
    await using queue = await Queue.open();
    const tube = queue.tube("t", json<Sent>());
    await tube.put(sent);
    const body: Serialized<Sent> = (await tube.reserve())!.body;
    assertEquals<unknown>(body, { at: AT.toISOString(), dates: [AT.toISOString(), null], names: {} });
    assertEquals(body.at.slice(0, 4), "2026");
  });

  it("has that type for the compiler", {
    skip: RUNTIME === "deno" ? false : "told by Deno's own run",
  }, async () => {
    const check = startProcess([
      findRuntime("deno"),
      "check",
      "-q",
      `${PROJECT_DIR}tests/library/serialized_types.ts`,
    ]);
    assertEquals(await check.exited, 0, check.stderr());
  });
});
