/// <reference lib="dom" />
// Which page an address means.

import { connectionsPage } from "./connections_page.ts";
import { jobPage } from "./job_page.ts";
import type { PageMaker } from "./page.ts";
import { problemsPage } from "./problems_page.ts";
import { serverPage } from "./server_page.ts";
import { tubePage } from "./tube_page.ts";
import { tubesPage } from "./tubes_page.ts";

const ROUTES: readonly (readonly [RegExp, PageMaker])[] = [
  [/^\/(?:console\/?)?$/, problemsPage],
  [/^\/console\/tubes$/, tubesPage],
  [/^\/console\/tubes\/([^/]+)$/, tubePage],
  [/^\/console\/jobs\/(\d+)$/, jobPage],
  [/^\/console\/connections$/, connectionsPage],
  [/^\/console\/server$/, serverPage],
];

/** The page of a path and the name in it; null when there is none. */
export function pageAt(path: string): { make: PageMaker; name: string } | null {
  for (const [pattern, make] of ROUTES) {
    const found = pattern.exec(path);
    if (found) return { make, name: decoded(found[1] ?? "") };
  }
  return null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
