// What the tables of tubes show, from a tube's statistics.

import type { Client } from "../../../client/connect.ts";
import type { TubeStats } from "../../../client/face.ts";
import { Glob } from "../../../core/glob.ts";
import type { Column } from "./table.ts";

export const TUBE_COLUMNS: readonly Column<TubeStats>[] = [
  { key: "tube", value: (tube) => tube.name },
  { key: "ready", value: (tube) => tube["current-jobs-ready"] },
  { key: "urgent", value: (tube) => tube["current-jobs-urgent"] },
  { key: "delayed", value: (tube) => tube["current-jobs-delayed"] },
  { key: "reserved", value: (tube) => tube["current-jobs-reserved"] },
  { key: "buried", value: (tube) => tube["current-jobs-buried"] },
  { key: "waiting", value: (tube) => tube["current-waiting"] },
  { key: "watching", value: (tube) => tube["current-watching"] },
  { key: "using", value: (tube) => tube["current-using"] },
  { key: "paused", value: (tube) => tube["pause-time-left"] },
  { key: "total", value: (tube) => tube["total-jobs"] },
];

/** The statistics of all tubes that a pattern fits, by name. A tube may go between the list and the look. */
export async function tubesOf(queue: Client, pattern: string = "*"): Promise<TubeStats[]> {
  const glob = new Glob(pattern);
  const names = (await queue.tubes()).filter((name) => glob.fitsText(name));
  const stats = await Promise.all(names.map((name) => queue.tube(name).stats()));
  return stats.filter((tube) => tube !== null).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
