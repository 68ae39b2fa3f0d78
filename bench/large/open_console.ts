// The console's first page in Chromium: until the list of problems stands there, from a browser that knows nothing of it yet.
import { chromium } from "playwright-core";
import { onPath } from "../support/programs.ts";
import { HOST } from "../support/server.ts";
import { type Look, lookOf } from "./looked.ts";
import type { Neighbour, Waits } from "./neighbour.ts";

export const CONSOLE_ROW = "the console's first page";
/** It must stand there sooner than that. */
export const PAGE_LIMIT_MS = 1000;
/** The browser shares the clients' core. */
const NEIGHBOUR_RESTS_MS = 5;

export async function measureConsole(httpPort: number, neighbour: Neighbour, repeats: number): Promise<Look> {
  const executablePath = onPath("chromium");
  if (executablePath === "") throw new Error("chromium is missing");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const times: number[] = [];
  const waits: Waits[] = [];
  try {
    for (let i = 0; i < repeats; i++) {
      const context = await browser.newContext({ locale: "en" });
      const page = await context.newPage();
      neighbour.start(NEIGHBOUR_RESTS_MS);
      const beganAt = performance.now();
      await page.goto(`http://${HOST}:${httpPort}/`, { waitUntil: "commit" });
      await page.locator("ul.troubles li").first().waitFor();
      times.push(performance.now() - beganAt);
      waits.push(await neighbour.stop());
      await context.close();
    }
  } finally {
    await browser.close();
  }
  return lookOf(CONSOLE_ROW, times, waits);
}
