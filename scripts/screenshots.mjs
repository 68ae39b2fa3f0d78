// Pictures of each page of the console, light and dark, into docs/images/: starts a server of its own, gives it jobs and
// workers as a busy shop has them, and visits the pages with Chromium. Run: node scripts/tasks.mjs screenshots.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:net";
import process from "node:process";
import { chromium } from "playwright-core";

const OUT = "docs/images";
/** Before the first picture, so that charts have something to show. */
const SECONDS_OF_TRAFFIC = 90;
/** How long the tubes are watched: their short lines are drawn from what was seen. */
const SECONDS_OF_WATCHING = 20;
const [runtime] = process.argv.slice(2);

const [port, httpPort] = [await freePort(), await freePort()];
const address = `http://127.0.0.1:${httpPort}`;
const log = mkdtempSync(join(tmpdir(), "runnerbean-"));
const flags = ["-b", log, "-l", "127.0.0.1", "-p", String(port), "--http", `127.0.0.1:${httpPort}`];
const server = spawn(runtime ?? process.execPath, ["src/cli/main.ts", ...flags], {
  stdio: ["ignore", "ignore", "inherit"],
});
try {
  await untilServed();
  const shop = await openShop();
  mkdirSync(OUT, { recursive: true });
  await takePictures(shop);
} finally {
  server.kill();
  rmSync(log, { recursive: true });
}
process.exit();

async function takePictures({ buriedId }) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const pages = {
    problems: "/",
    tubes: "/console/tubes?sort=ready&desc=1",
    tube: "/console/tubes/mail.outgoing?state=buried",
    search: "/console/tubes/mail.outgoing?state=buried&q=zürich",
    job: `/console/jobs/${buriedId}`,
    connections: "/console/connections",
    server: "/console/server",
  };
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({
      colorScheme,
      locale: "en",
      viewport: { width: 1280, height: 860 },
    });
    const page = await context.newPage();
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(address + path);
      await page.waitForSelector("main h1");
      await page.waitForTimeout(name === "tubes" ? SECONDS_OF_WATCHING * 1000 : 1200);
      await page.screenshot({ path: `${OUT}/${name}-${colorScheme}.png`, fullPage: name === "tube" });
    }
    await context.close();
  }
  const narrow = await browser.newContext({
    viewport: { width: 360, height: 740 },
    locale: "zh-CN",
    colorScheme: "dark",
  });
  const page = await narrow.newPage();
  for (const name of ["problems", "tubes", "tube", "job", "connections", "server"]) {
    await page.goto(address + pages[name]);
    await page.waitForSelector("main h1");
    await page.waitForTimeout(800);
    await page.screenshot({ path: `${OUT}/${name}-narrow.png`, fullPage: false });
  }
  await browser.close();
}

/** Producers, workers, and a few things that went wrong. */
async function openShop() {
  const boss = await client();
  const put = (tube, body, { priority = 1024, delay = 0, ttr = 60 } = {}) =>
    boss(`use ${tube}\r\nput ${priority} ${delay} ${ttr} ${Buffer.byteLength(body)}\r\n${body}\r\n`, 2);
  const idOf = (reply) => Number(/INSERTED (\d+)/.exec(reply)[1]);
  let buriedId = 0;
  const cities = ["zürich", "oslo", "kyoto", "lima", "accra"];
  for (let i = 0; i < 14; i++) {
    const mail = {
      to: `user${i}@example.org`,
      template: "receipt",
      order: `#${9000 + i}`,
      city: cities[i % 5],
      lines: [{ sku: "A-17", n: i }],
    };
    const id = idOf(await put("mail.outgoing", JSON.stringify(mail), { priority: 100 + i }));
    if (i >= 11) continue;
    await boss(`reserve-job ${id}\r\nbury ${id} ${100 + i}\r\n`, 3);
    if (i === 10) {
      await boss(
        `kick-job ${id}\r\nreserve-job ${id}\r\nrelease ${id} 100 0\r\nreserve-job ${id}\r\nbury ${id} 100\r\n`,
        7,
      );
      buriedId = id;
    }
  }
  for (let i = 0; i < 420; i++) await put("reports.nightly", `{"report":${i},"range":"2026-11"}`);
  for (let i = 0; i < 60; i++) await put("thumbnails", `/srv/media/${i}.tiff`, { delay: 600 + i });
  for (let i = 0; i < 35; i++) await put("webhooks", `POST https://example.org/hooks/${i}`);
  await boss("pause-tube webhooks 1800\r\n", 1);
  for (const tube of ["index.search", "billing.invoices", "video.encode", "audit.export", "sms"]) {
    await put(tube, "warm-up");
  }
  const held = await client();
  await held("watch video.encode\r\nignore default\r\nreserve\r\n", 4);
  startTraffic(await client(), await client(), await client());
  await new Promise((done) => setTimeout(done, SECONDS_OF_TRAFFIC * 1000));
  return { buriedId };
}

/** Jobs that come and go, a little faster at times. */
function startTraffic(producer, worker, slow) {
  const tubes = ["mail.outgoing", "index.search", "billing.invoices", "sms"];
  let beat = 0;
  setInterval(() => {
    beat++;
    const burst = 3 + Math.round(6 * (1 + Math.sin(beat / 9)));
    for (let i = 0; i < burst; i++) {
      producer(
        `use ${tubes[(beat + i) % tubes.length]}\r\nput 1024 0 60 9\r\njob ${
          String(beat).padStart(5, "0")
        }\r\n`,
        2,
      );
    }
  }, 100);
  const work = async (connection, pauseMs) => {
    await connection(tubes.map((tube) => `watch ${tube}\r\n`).join(""), tubes.length);
    for (;;) {
      const reply = await connection("reserve\r\n", 2);
      await new Promise((done) => setTimeout(done, pauseMs));
      await connection(`delete ${/RESERVED (\d+)/.exec(reply)[1]}\r\n`, 1);
    }
  };
  work(worker, 9);
  work(slow, 21);
}

/** A connection that is asked one after the other: text out, so many lines back. */
async function client() {
  const socket = connect({ host: "127.0.0.1", port });
  socket.setEncoding("utf8");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const waiting = [];
  let text = "";
  socket.on("data", (piece) => {
    text += piece;
    while (waiting.length > 0) {
      const { lines, resolve } = waiting[0];
      const parts = text.split("\r\n");
      if (parts.length <= lines) return;
      text = parts.slice(lines).join("\r\n");
      waiting.shift();
      resolve(parts.slice(0, lines).join("\n"));
    }
  });
  socket.on("error", () => {});
  return (command, lines) =>
    new Promise((resolve) => {
      waiting.push({ lines, resolve });
      socket.write(command);
    });
}

async function untilServed() {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`${address}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("the server did not start");
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
