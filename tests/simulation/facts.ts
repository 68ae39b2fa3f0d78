// What the server under test knows of its process: always the same, so that documents are.

import type { ServerFacts } from "../../src/protocol/stats.ts";

export const FACTS: Omit<ServerFacts, "startedAt" | "maxJobBytes"> = {
  version: "0.0.0",
  pid: 1,
  hostname: "simulation",
  os: "none",
  platform: "none",
  instanceId: "0123456789abcdef",
  cpuMicros: () => ({ user: 0, system: 0 }),
  binlog: () => ({ oldest: 0, current: 0, migrated: 0, written: 0, maxBytes: 10_485_760 }),
};
