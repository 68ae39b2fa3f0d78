// The console before a stock beanstalkd: its pages work with what that server tells, and hide what it cannot do.
import { describe, it } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import { runnerbeanCommand, startProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { openBrowser, put, withPage } from "./console_page.ts";

describe(
  "the console before a beanstalkd",
  { skip: skipWithout("beanstalkd") || skipWithout("chromium") },
  () => {
    it("shows tubes, jobs and the server, and kicks, pauses and deletes", { timeout: 240_000 }, async () => {
      const server = await startServer({ command: [requireProgram("beanstalkd")] });
      const words = ["console", "--server", `127.0.0.1:${server.port}`, "--http", "127.0.0.1:0"];
      const console = startProcess([...runnerbeanCommand(), ...words]);
      const [browser, wire] = await Promise.all([openBrowser(), WireClient.connect(server.port)]);
      const ask = (line: string): Promise<string> => wire.ask(`${line}\r\n`);
      try {
        let origin: string | undefined;
        while (origin === undefined) {
          await sleep(20);
          origin = /on (http:\/\/\S+)/.exec(console.stdout())?.[1];
          assertEquals(console.stderr(), "");
        }
        for (const line of ["use shop", put("first"), put("second"), "reserve-job 1", "bury 1 0"]) {
          await ask(line);
        }
        await withPage(browser, {}, async (page) => {
          const says = (text: string): Promise<void> => page.getByText(text).first().waitFor();
          const press = (name: string): Promise<void> =>
            page.getByRole("button", { name, exact: true }).click();
          await page.goto(origin!);
          await says("1 buried job");
          await page.goto(`${origin}/console/tubes`);
          await page.getByRole("link", { name: "shop" }).click();
          await page.getByRole("heading", { name: "shop" }).waitFor();
          await says("This server cannot list jobs");
          await says("second");
          await press("Pause");
          await page.locator("dialog[open]").getByRole("button", { name: "Pause" }).click();
          await page.getByRole("button", { name: "Resume" }).waitFor();
          assertStringIncludes(await ask("stats-tube shop"), "cmd-pause-tube: 1");
          await page.goto(`${origin}/console/jobs/1`);
          await says("first");
          await press("Kick");
          await page.getByText("It waits for a worker.").waitFor();
          await press("Delete");
          await page.locator("dialog[open]").getByRole("button", { name: "Delete" }).click();
          await page.getByRole("heading", { name: "shop" }).waitFor();
          assertEquals(await ask("peek 1"), "NOT_FOUND\r\n");
          await page.goto(`${origin}/console/server`);
          await says("beanstalkd");
          await says("Commands");
          assertEquals(await page.getByText("Memory", { exact: true }).count(), 0);
        });
      } finally {
        wire.close();
        await Promise.all([browser.close(), console.stop(), server.stop()]);
      }
    });
  },
);
