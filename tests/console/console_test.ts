// The console in Chromium, on real traffic against a server of this runtime.
import { after, before, describe, it } from "node:test";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RUNTIME, skipWithout } from "../support/runtime.ts";
import { type ConsoleServer, idOf, openBrowser, put, startConsole, withPage } from "./console_page.ts";

const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const XSS = `<img src=x onerror="document.title='broken in'"><script>document.title='broken in'</script>`;
const skip = skipWithout("chromium");
/** What the browser does with the same files is the same whatever serves them: one runtime is enough, but for the long run. */
const itInTheBrowser: (name: string, run: () => Promise<void>) => void =
  RUNTIME === "node" || process.env.RUNNERBEAN_LONG === "1" ? it : () => {};

let server: ConsoleServer;
let browser: Browser;

/** Waits until the page says it, wherever. */
const says = (page: Page, text: string): Promise<unknown> => page.getByText(text).first().waitFor();
const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole("button", { name, exact: typeof name === "string" }).click();
const dialog = (page: Page): ReturnType<Page["locator"]> => page.locator("dialog[open]");

describe("the console", { skip }, () => {
  before(async () => {
    [server, browser] = await Promise.all([startConsole(), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it("shows a tube that fills; a buried job is found, edited, requeued and worked", async () => {
    await withPage(browser, {}, async (page) => {
      await server.ask("use shop");
      await page.goto(`${server.url}/console/tubes`);
      await page.getByRole("link", { name: "shop" }).waitFor();
      const ids: number[] = [];
      for (let i = 0; i < 30; i++) {
        ids.push(idOf((await server.ask(put(`{"order":${i},"city":"Zürich ${i}"}`)))[0]));
      }
      const ready = page.getByRole("row", { name: /^shop/ }).locator("td").first();
      await ready.getByText("30", { exact: true }).waitFor(); // by itself
      for (const id of ids.slice(10, 20)) await server.ask(`reserve-job ${id}`, `bury ${id} 100`);

      await page.goto(server.url);
      await says(page, "10 buried jobs");
      await page.getByRole("listitem").filter({ hasText: "10 buried jobs" }).getByRole("link", {
        name: "Look",
      }).click();
      await page.getByRole("searchbox").fill("Zürich 17");
      await press(page, "Search");
      await page.locator("tbody tr").nth(1).waitFor({ state: "detached" });
      await page.getByRole("link", { name: String(ids[17]), exact: true }).click();
      await page.getByRole("heading", { name: `Job ${ids[17]}` }).waitFor();
      await says(page, '"city": "Zürich 17"');

      await press(page, "Edit and requeue");
      await dialog(page).getByLabel("Body").fill('{"order":17,"city":"Bern"}');
      await dialog(page).getByLabel("Tube").fill("mended");
      await dialog(page).getByRole("button", { name: "Requeue" }).click();
      await says(page, "It waits for a worker.");

      const worker = await server.connect();
      await worker.ask("watch mended\r\n");
      await worker.ask("ignore default\r\n");
      assertEquals(
        await worker.ask("reserve\r\n"),
        `RESERVED ${ids[17]} 26\r\n{"order":17,"city":"Bern"}\r\n`,
      );
      await says(page, "A worker holds this job.");
      assertEquals(await worker.ask(`delete ${ids[17]}\r\n`), "DELETED\r\n");
      worker.close();
    });
  });

  it("acts on all that match after a count is shown, and writes it down", async () => {
    await withPage(browser, {}, async (page) => {
      await server.ask("use heap");
      for (let i = 0; i < 120; i++) await server.ask(put(i % 4 === 0 ? `bad apple ${i}` : `pear ${i}`));
      await page.goto(`${server.url}/console/tubes/heap?q=bad+apple`);
      await press(page, "Delete all");
      await says(page, "Delete 30 jobs?");
      await dialog(page).getByRole("button", { name: "Cancel" }).click();
      assertStringIncludes((await server.ask("stats-tube heap"))[0], "current-jobs-ready: 120");
      await press(page, "Delete all");
      await dialog(page).getByRole("button", { name: "Delete 30" }).click();
      await says(page, "Done: 30 jobs");
      assertStringIncludes((await server.ask("stats-tube heap"))[0], "current-jobs-ready: 90");
      await press(page, "Clear");
      await press(page, "Truncate");
      await dialog(page).getByRole("button", { name: "Delete up to 90 jobs" }).click();
      await says(page, "90 jobs deleted");
      await page.goto(`${server.url}/console/server`);
      const log = page.getByRole("table", { name: "Audit log" });
      await log.getByRole("row").filter({ hasText: "truncate" }).filter({ hasText: "90" }).waitFor();
      await log.getByRole("row").filter({ hasText: "delete" }).filter({ hasText: "bad apple" }).waitFor();
    });
  });

  itInTheBrowser("shows what was refused, in both languages", async () => {
    await withPage(browser, {}, async (page) => {
      assertEquals(await server.ask(put("x".repeat(70_000))), ["JOB_TOO_BIG\r\n"]);
      await page.goto(server.url);
      await says(page, "Jobs are refused: they are too large");
      await says(page, "Raise --max-job-bytes");
      await page.goto(`${server.url}/console/server`);
      await page.getByText("Jobs are refused: they are too large").waitFor();
      await press(page, "中文");
      await says(page, "拒绝任务：任务过大");
      await press(page, "English");
    });
  });

  itInTheBrowser("keeps filters, sorting and view in the address", async () => {
    await withPage(browser, {}, async (page) => {
      for (let i = 0; i < 130; i++) await server.ask(`use many-${String(i).padStart(3, "0")}`, put("x"));
      await page.goto(`${server.url}/console/tubes`);
      await page.getByRole("searchbox").fill("many-*");
      await page.getByRole("columnheader", { name: "Tube" }).getByRole("button").click();
      await page.locator("tbody tr").first().getByText("many-129").waitFor();
      await press(page, "Next page");
      await page.locator("tbody tr").first().getByText("many-029").waitFor();
      assertEquals(await page.locator("tbody tr").count(), 30);
      await page.reload();
      await page.locator("tbody tr").first().getByText("many-029").waitFor();
      assertEquals(await page.getByRole("searchbox").inputValue(), "many-*");
      assertEquals(await page.locator("tbody tr").count(), 30);
    });
  });

  itInTheBrowser("is used with the keyboard alone", async () => {
    await withPage(browser, {}, async (page) => {
      const [, inserted] = await server.ask("use keys", put("by hand"));
      const { keyboard } = page;
      await page.goto(server.url);
      await says(page, "Problems");
      await keyboard.press("?");
      await dialog(page).getByText("Keyboard shortcuts").waitFor();
      await keyboard.press("Escape");
      await keyboard.press("g");
      await keyboard.press("t");
      await page.getByRole("heading", { name: "Tubes" }).waitFor();
      await keyboard.press("/");
      await keyboard.type("keys");
      await page.waitForURL(/match=keys/);
      await page.locator("tbody tr").nth(1).waitFor({ state: "detached" });
      await tabTo(page, "keys");
      await keyboard.press("Enter");
      await page.getByRole("heading", { name: "keys" }).waitFor();
      await tabTo(page, String(idOf(inserted)));
      await keyboard.press("Enter");
      await page.getByRole("heading", { name: /^Job/ }).waitFor();
      await tabTo(page, "Delete");
      await keyboard.press("Enter");
      await dialog(page).getByText("Delete job").waitFor();
      assertEquals(await focused(page), "Cancel"); // not the button that deletes
      await keyboard.press("Tab");
      await keyboard.press("Enter");
      await page.getByRole("heading", { name: "keys" }).waitFor();
      assertEquals(await server.ask(`peek ${idOf(inserted)}`), ["NOT_FOUND\r\n"]);
    });
  });

  itInTheBrowser(
    "has no fault that axe calls serious, light and dark, and fits a narrow screen",
    async () => {
      const [, inserted] = await server.ask(
        "use pages",
        put('{"a":1}'),
        put("later", 100),
        "pause-tube pages 100",
      );
      const paths = [
        "/",
        "/console/tubes?match=pages",
        "/console/tubes/pages",
        `/console/jobs/${idOf(inserted)}`,
        "/console/connections",
        "/console/server",
      ];
      await withPage(browser, { colorScheme: "light", reducedMotion: "reduce" }, async (page) => {
        for (const path of paths) {
          await page.goto(server.url + path);
          await page.locator("main h1").waitFor();
          await page.evaluate(AXE);
          assertEquals(await faults(page, "{}"), [], path);
          await page.emulateMedia({ colorScheme: "dark" }); // only colours differ
          assertEquals(await faults(page, '{ runOnly: ["color-contrast"] }'), [], `${path} in the dark`);
          await page.emulateMedia({ colorScheme: "light" });
          await page.setViewportSize({ width: 360, height: 700 });
          const [shown, wide] = await page.evaluate(
            "[innerWidth, document.documentElement.scrollWidth]",
          ) as number[];
          assert(wide <= shown, `${path} is ${wide} wide on a screen of ${shown}`);
          await page.setViewportSize({ width: 1280, height: 800 });
        }
      });
    },
  );

  itInTheBrowser("shows what jobs and names say as text, never as HTML", async () => {
    await withPage(browser, {}, async (page) => {
      const [, inserted] = await server.ask("use nasty", put(XSS));
      await page.goto(`${server.url}/console/tubes/nasty`);
      await says(page, XSS);
      await page.goto(`${server.url}/console/jobs/${idOf(inserted)}`);
      await says(page, XSS);
      // The protocol allows no such name; a broken server might.
      await page.route("**/v1/tubes?*", async (route) => {
        const page_ = await (await route.fetch()).json();
        await route.fulfill({ json: { ...page_, tubes: [{ ...page_.tubes[0], name: XSS }] } });
      });
      await page.goto(`${server.url}/console/tubes`);
      await page.getByRole("link", { name: XSS }).waitFor();
      assertEquals(await page.locator("main img, main script").count(), 0);
      assertEquals(await page.title(), "Tubes · Runnerbean");
      const { headers } = await fetch(`${server.url}/console/assets/app.js`);
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      assert(!headers.get("content-security-policy")!.includes("unsafe"));
    });
  });

  it("says when the server is slow, fails or knows nothing of it, and recovers", async () => {
    await withPage(browser, {}, async (page) => {
      await server.ask("use pages", put("x"));
      await page.route("**/v1/tubes/pages", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await route.fulfill({
          status: 500,
          contentType: "application/problem+json",
          body: '{"status":500,"detail":"the disk is on fire"}',
        });
      });
      await page.goto(`${server.url}/console/tubes/pages`);
      await says(page, "Loading");
      await page.getByRole("alert").filter({ hasText: "the disk is on fire" }).waitFor();
      await page.unroute("**/v1/tubes/pages");
      await press(page, "Try again");
      await page.getByRole("heading", { name: "pages" }).waitFor();
      await page.context().setOffline(true);
      await says(page, "The server cannot be reached.");
      await page.getByRole("heading", { name: "pages" }).waitFor(); // what was known stays
      await page.context().setOffline(false);
      await page.getByText("The server cannot be reached.").waitFor({ state: "detached" });
      await page.goto(`${server.url}/console/jobs/999999`);
      await says(page, "there is no job 999999");
      await page.goto(`${server.url}/console/nowhere`);
      await says(page, "There is no such page.");
    });
  });

  itInTheBrowser("hides what the server cannot do", async () => {
    await withPage(browser, {}, async (page) => {
      await server.ask("use pages", put("x"));
      await page.route("**/v1/server", async (route) => {
        const info = await (await route.fetch()).json();
        await route.fulfill({ json: { ...info, backend: "beanstalkd", capabilities: [] } });
      });
      await page.goto(`${server.url}/console/tubes/pages`);
      await says(page, "This server cannot list jobs");
      await page.getByRole("button", { name: "Pause" }).or(page.getByRole("button", { name: "Resume" }))
        .waitFor();
      for (const name of ["Truncate", "Delete tube", "Delete all", "Search", "Hour"]) {
        assertEquals(await page.getByRole("button", { name }).count(), 0, name);
      }
      assertEquals(await page.getByRole("link", { name: "Connections" }).count(), 0);
    });
  });

  itInTheBrowser(
    "speaks Chinese when it is chosen or the browser does, and remembers the theme",
    async () => {
      await withPage(browser, {}, async (page) => {
        await page.goto(`${server.url}/console/tubes`);
        await press(page, "中文");
        await page.getByRole("heading", { name: "管道" }).waitFor();
        assertEquals(await page.evaluate("document.documentElement.lang"), "zh");
        await press(page, "主题：自动");
        await press(page, "主题：浅色");
        await page.reload();
        await page.getByRole("heading", { name: "管道" }).waitFor();
        assertEquals(await page.evaluate("document.documentElement.dataset.theme"), "dark");
      });
      await withPage(browser, { locale: "zh-CN" }, async (page) => {
        await page.goto(server.url);
        await page.getByRole("heading", { name: "问题" }).waitFor();
      });
    },
  );
});

/** What axe calls serious or worse. */
function faults(page: Page, options: string): Promise<string[]> {
  return page.evaluate(
    `axe.run({ resultTypes: ["violations"], ...${options} }).then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ").slice(0, 400)))`,
  );
}

/** What has the focus, as it is called. */
function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement.textContent.trim()");
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    if (await focused(page) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${name} cannot be reached with the keyboard`);
}
