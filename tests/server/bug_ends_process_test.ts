import { describe, it } from "node:test";
import { bugEndsProcess } from "./bug_ends_process.ts";

describe("the runtime's own adapter", () => {
  it("does not survive a bug: what is thrown by a chunk ends the process", { timeout: 240_000 }, async () => {
    await bugEndsProcess("native");
  });
});
