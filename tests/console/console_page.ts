// A server with the console, and Chromium that looks at it.
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { assertEquals } from "@std/assert";
import { requireProgram, sleep } from "../support/runtime.ts";
import { freePort, type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

export interface ConsoleServer {
  readonly url: string;
  /** Sends commands, one after the other; their replies. */
  ask(...commands: string[]): Promise<string[]>;
  /** A worker's or producer's own connection. */
  connect(): Promise<WireClient>;
  stop(): Promise<void>;
}

export async function startConsole(args: string[] = []): Promise<ConsoleServer> {
  const httpPort = await freePort();
  const url = `http://127.0.0.1:${httpPort}`;
  const server: ServerProcess = await startServer({ args: ["--http", `127.0.0.1:${httpPort}`, ...args] });
  for (let tries = 0; tries < 200; tries++) {
    if ((await fetch(`${url}/readyz`).catch(() => null))?.ok) break;
    await sleep(20);
  }
  const wire = await WireClient.connect(server.port);
  return {
    url,
    connect: () => WireClient.connect(server.port),
    async ask(...commands) {
      const replies: string[] = [];
      for (const command of commands) {
        replies.push(await wire.ask(new TextEncoder().encode(`${command}\r\n`)));
      }
      return replies;
    },
    async stop() {
      wire.close();
      await server.stop();
    },
  };
}

/** The command that puts a job. */
export function put(body: string, delay = 0): string {
  return `put 100 ${delay} 60 ${new TextEncoder().encode(body).length}\r\n${body}`;
}

/** The id in INSERTED. */
export function idOf(reply: string): number {
  return Number(/^INSERTED (\d+)/.exec(reply)![1]);
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: requireProgram("chromium"), args: ["--no-sandbox"] });
}

/** Runs with a fresh page, and fails when the page complained: of an error in a script, or of its content security policy. */
export async function withPage(
  browser: Browser,
  options: BrowserContextOptions,
  run: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ locale: "en", ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // What a failed request prints is the browser's own line; the tests look at what the page makes of it.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        complaints.push(message.text());
      }
    });
    await run(page);
    assertEquals(complaints, []);
  } finally {
    await context.close();
  }
}
