// The console of a server with access control: it asks for a token, its changes carry the session's secret, it can be left.
import { describe, it } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { skipWithout } from "../support/runtime.ts";
import { openBrowser, startConsole, withPage } from "./console_page.ts";

const ADMIN = "operators-token-0123456789abcdef";
const READER = "readers-token-0123456789abcdefgh";

describe("the console's login", { skip: skipWithout("chromium") }, () => {
  it("asks for a token, works with it, and forgets it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "runnerbean-"));
    const file = join(folder, "tokens");
    writeFileSync(file, `ops admin=* token=${ADMIN}\neye read=* token=${READER}\n`, { mode: 0o600 });
    const [server, browser] = await Promise.all([startConsole(["--auth", file]), openBrowser()]);
    try {
      await server.ask(`auth ${ADMIN}`, "use guarded", "put 0 0 60 3\r\nabc");
      await withPage(browser, {}, async (page) => {
        const enter = async (token: string): Promise<void> => {
          await page.getByLabel("Token").fill(token);
          await page.getByRole("button", { name: "Enter" }).click();
        };
        await page.goto(`${server.url}/console/tubes/guarded`);
        await enter("wrong-token-0123456789abcdefghij");
        await page.getByRole("alert").filter({ hasText: "the token is not known" }).waitFor();
        await enter(ADMIN);
        await page.getByRole("button", { name: "Delete all" }).click();
        await page.getByRole("button", { name: "Delete 1", exact: true }).click();
        await page.getByText("Done: 1 job").waitFor();
        await page.reload(); // the cookie is enough
        await page.getByRole("heading", { name: "guarded" }).waitFor();
        assertEquals(
          await page.evaluate("document.cookie + JSON.stringify(localStorage)"),
          '{"runnerbean.theme":"system"}',
        );
        await page.getByRole("button", { name: "Leave" }).click();
        await page.getByRole("heading", { name: "Access token" }).waitFor();
        await page.reload();
        await enter(READER);
        await page.getByRole("button", { name: "Pause" }).click();
        await page.locator("dialog").getByRole("button", { name: "Pause" }).click();
        await page.getByRole("alert").filter({ hasText: "does not have the scope admin" }).waitFor();
        await page.goto(`${server.url}/console/server`);
        await page.getByText("You may not read the audit log.").waitFor();
      });
    } finally {
      await browser.close();
      await server.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
