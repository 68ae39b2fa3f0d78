// Variants of a campaign: with HTTP clients, on a slow disk, with a fault planted in the server.

import { runtimeCommand } from "../support/runtime.ts";
import { PROJECT_DIR } from "../support/server_process.ts";
import type { CampaignOptions } from "./campaign.ts";

/** TCP and HTTP clients at the same time; half of the stops are SIGTERM or kills while the log is read. */
export const WITH_HTTP: Partial<CampaignOptions> = {
  connections: 24,
  http: { soloists: 12, crowd: 6 },
  stopsMixed: true,
  workMs: [20, 1000],
};

/** The program of odd_server.ts. */
export const ODD_SERVER: readonly string[] = [
  ...runtimeCommand(),
  `${PROJECT_DIR}tests/durability/odd_server.ts`,
];

/** What it reads: how long a sync takes, in milliseconds, and the fault. */
export function oddEnv(syncMs: number, fault?: string): Record<string, string> {
  return {
    TEST_SYNC_MS: String(syncMs),
    ...(fault === undefined ? {} : { TEST_FAULT: fault }),
  };
}
