// What can be asked of a large queue: all that the console asks by itself, and the heaviest that a user can.
import type { ScaleClient } from "../scale/scale_client.ts";
import { BULKY_TUBE, LARGEST_TUBE, putText, tubeName } from "./fill.ts";
import type { HttpClient } from "./http_client.ts";

/** What a row asks with. */
export interface Asking {
  readonly http: HttpClient;
  readonly client: ScaleClient;
  readonly tubes: number;
}

export interface LookRow {
  readonly name: string;
  /** Resolves when all has been answered. */
  ask(asking: Asking): Promise<unknown>;
}

const get = (path: string, name = path): LookRow => ({ name, ask: ({ http }) => http.ask(path) });
const wire = (line: string): LookRow => ({ name: line, ask: ({ client }) => client.ask(`${line}\r\n`) });
const largest = `/v1/tubes/${LARGEST_TUBE}`;
const SORTS = ["name", "ready", "delayed", "reserved", "buried", "waiting", "oldest"];

export const LOOK_ROWS: readonly LookRow[] = [
  { name: "nothing", ask: () => rest(3000) },
  get("/v1/server"),
  ...SORTS.map((sort) => get(`/v1/tubes?sort=${sort}&desc=1&limit=100`, `/v1/tubes sort=${sort}`)),
  get("/v1/tubes?limit=1000", "/v1/tubes limit=1000"),
  get("/v1/tubes?match=*9*&sort=ready", "/v1/tubes match=*9*"),
  get("/v1/tubes?filter=problems&oldSeconds=60&limit=1", "filter=problems limit=1"),
  get("/v1/tubes?filter=problems&oldSeconds=60&limit=100", "filter=problems limit=100"),
  get(largest),
  get(`${largest}/history?span=day`, "history of a day"),
  get(`${largest}/jobs?state=ready&limit=50&body=text`, "jobs limit=50 with bodies"),
  get(`${largest}/jobs?state=ready&limit=1000&body=text`, "jobs limit=1000 with bodies"),
  get(
    `/v1/tubes/${BULKY_TUBE}/jobs?limit=1000&body=text&preview=65536`,
    "jobs limit=1000, large bodies whole",
  ),
  {
    name: "jobs, 10 pages of 1000",
    async ask({ http }) {
      let cursor = "";
      for (let page = 0; page < 10; page++) {
        const path = `${largest}/jobs?state=ready&limit=1000${cursor}`;
        const { next } = await http.json<{ next: string | null }>(path);
        if (next === null) return;
        cursor = `&cursor=${encodeURIComponent(next)}`;
      }
    },
  },
  get("/v1/connections?limit=100", "/v1/connections"),
  get("/v1/audit?limit=50", "/v1/audit"),
  get("/metrics"),
  get("/v1/search?q=nowhere-to-be-found", "search, not found"),
  get("/v1/search?q=somebody&limit=1000&body=text", "search, 1000 found"),
  get("/v1/search?minPriority=4000000000", "search by priority"),
  {
    name: "actions, all counted",
    ask: ({ http }) => http.ask("/v1/actions", { match: { state: "ready" }, action: "delete" }),
  },
  wire(`list-jobs ${LARGEST_TUBE} ready 100`),
  wire(`list-jobs ${LARGEST_TUBE} ready 1000`),
  wire(`list-jobs ${tubeName(2)} ready 1000`),
  wire(`stats-tube ${LARGEST_TUBE}`),
  wire("list-tubes"),
  {
    name: "live events, all tubes change",
    async ask({ http, client, tubes }) {
      const stop = await http.listen("/v1/events?tubes=*");
      for (let second = 0; second < 3; second++) {
        await client.bulk(tubes - 2, (i) => `use ${tubeName(i)}\r\n${putText(1024)}`, 2);
        await rest(1000);
      }
      stop();
    },
  },
];

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
