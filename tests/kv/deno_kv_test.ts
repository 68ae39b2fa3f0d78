// What is made of a Deno KV's errors.

import { describe, it } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { type DenoKv, openDenoKv } from "../../src/adapters/deno_kv.ts";

/** A KV whose commits answer what they are told to, one after the other. */
function kvWith(answers: (Error | { ok: true; versionstamp: string } | { ok: false })[]): DenoKv {
  const atomic = {
    check: () => atomic,
    set: () => atomic,
    delete: () => atomic,
    commit: () => {
      const answer = answers.shift()!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return {
    get: (key) => Promise.resolve({ key, value: "text", versionstamp: "1" }),
    list: async function* () {},
    atomic: () => atomic,
    close() {},
  };
}

describe("a Deno KV", () => {
  it("that is locked is tried again; what it says then counts", async () => {
    const locked = new Error("database is locked: Error code 5");
    const kv = await openDenoKv(() =>
      Promise.resolve(kvWith([locked, locked, { ok: true, versionstamp: "7" }, locked, { ok: false }]))
    );
    assertEquals(await kv.commit([], []), "7");
    assertEquals(await kv.commit([], []), null);
  });

  it("whose commit fails otherwise is not asked twice", async () => {
    const answers = [new Error("connection reset\nat some place"), { ok: true, versionstamp: "7" } as const];
    const kv = await openDenoKv(() => Promise.resolve(kvWith(answers)));
    const error = await assertRejects(() => kv.commit([], []), Error) as Error;
    assertEquals(error.message, "connection reset");
    assertEquals(answers.length, 1);
  });

  it("with another's value under our key is refused", async () => {
    const kv = await openDenoKv(() => Promise.resolve(kvWith([])));
    await assertRejects(() => kv.get(["runnerbean", "lease"]), Error, "not bytes");
  });
});
