// /metrics of a server with real traffic: read as strictly as a scraper may read it, and compared with what was done.
import { after, before, describe, it } from "node:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { MOST_METRICS_TUBES } from "../../src/observe/limits.ts";
import { ExpositionReader } from "../observe/exposition_reader.ts";
import { findProgram } from "../support/runtime.ts";
import { type ObservedServer, startObservedServer } from "./observed_server.ts";

async function scrape(server: ObservedServer, accept = "text/plain"): Promise<ExpositionReader> {
  const response = await fetch(`${server.url}/metrics`, { headers: { accept } });
  assertEquals(response.status, 200);
  const isOpen = response.headers.get("content-type")!.startsWith("application/openmetrics-text");
  return new ExpositionReader(await response.text(), isOpen);
}

describe("/metrics", () => {
  let server: ObservedServer;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "runnerbean-metrics-"));
    server = await startObservedServer(["-b", folder, "--metrics-tubes", "mail*"]);
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("tells what was done", async () => {
    const client = await server.connect();
    for (const tube of ["mail", "news"]) {
      await client.ask(`use ${tube}\r\n`);
      await client.ask(`watch ${tube}\r\n`);
      if (tube === "news") await client.ask("ignore mail\r\n");
      for (let i = 0; i < 20; i++) await client.ask("put 10 0 60 5\r\nhello\r\n");
      for (let i = 0; i < 10; i++) {
        const [, id] = (await client.ask("reserve\r\n")).split(" ");
        if (i < 6) assertEquals(await client.ask(`delete ${id}\r\n`), "DELETED\r\n");
        else if (i < 8) assertEquals(await client.ask(`bury ${id} 0\r\n`), "BURIED\r\n");
        else assertEquals(await client.ask(`release ${id} 2000 0\r\n`), "RELEASED\r\n");
      }
    }
    await client.ask("use empty\r\n");
    const metrics = await scrape(server);
    const events = (tube: string): number[] =>
      ["put", "reserved", "deleted", "buried", "released", "timed-out"].map((event) =>
        metrics.value("runnerbean_tube_job_events_total", { tube, event })
      );
    assertEquals(events("mail"), [20, 10, 6, 2, 2, 0]);
    assertEquals(events("other tubes"), [20, 10, 6, 2, 2, 0]);
    const states = (tube: string): number[] =>
      ["ready", "delayed", "reserved", "buried"].map((state) =>
        metrics.value("runnerbean_tube_jobs", { tube, state })
      );
    assertEquals(states("mail"), [12, 0, 0, 2]);
    assertEquals(states("other tubes"), [12, 0, 0, 2]);
    assertEquals(metrics.value("runnerbean_tube_urgent_jobs", { tube: "mail" }), 10);
    assertEquals(metrics.value("runnerbean_commands_total", { command: "put" }), 40);
    assertEquals(metrics.value("runnerbean_commands_total", { command: "reserve" }), 20);
    assertEquals(metrics.value("runnerbean_jobs_put_total"), 40);
    assertEquals(metrics.value("runnerbean_wait_seconds_count"), 20);
    assertEquals(metrics.value("runnerbean_run_seconds_count"), 20);
    assertEquals(metrics.value("runnerbean_tube_run_seconds_count", { tube: "mail" }), 10);
    assertEquals(metrics.value("runnerbean_tube_wait_seconds_count", { tube: "other tubes" }), 10);
    assert(metrics.value("runnerbean_tube_oldest_ready_seconds", { tube: "mail" }) > 0);
    assertEquals(metrics.value("runnerbean_binlog_records_total"), 40 + 12 + 8);
    assert(metrics.value("runnerbean_binlog_commits_total") >= 60);
    assert(metrics.value("runnerbean_binlog_syncs_total") > 0);
    assert(metrics.value("runnerbean_binlog_sync_seconds_total") > 0);
    assert(metrics.value("runnerbean_binlog_written_bytes_total") > 60 * 20);
    assert(metrics.value("runnerbean_binlog_bytes", { part: "live" }) > 0);
    assert(metrics.value("runnerbean_memory_bytes", { purpose: "bodies" }) >= 28 * 8);
    assert(metrics.value("runnerbean_turn_seconds_count") >= 60);
    assertEquals(metrics.value("runnerbean_draining"), 0);
    client.close();
  });

  it("tells the same in both formats, and takes the one that the client likes better", async () => {
    const prometheus = await scrape(server);
    const open = await scrape(
      server,
      "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
    );
    const inOld = [...prometheus.names];
    assertEquals([...open.names], inOld);
    assertEquals(prometheus.families.get("runnerbean_commands_total")!.type, "counter");
    assertEquals(open.families.get("runnerbean_commands")!.type, "counter");
    assertEquals(
      (await scrape(server, "application/openmetrics-text;q=0.2,text/plain")).families.has(
        "runnerbean_commands",
      ),
      false,
    );
  });

  const promtool = findProgram("promtool");
  if (!promtool) console.log("skipped: promtool is not installed (Debian package prometheus)");
  it("is what promtool takes", { skip: !promtool }, async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], {
      input: text,
      encoding: "utf8",
    });
    assertEquals([status, stdout, stderr], [0, "", ""]);
  });
});

describe("/metrics of ten thousand tubes", () => {
  let server: ObservedServer;
  before(async () => void (server = await startObservedServer()));
  after(() => server.stop());

  it("is bounded, and adds up", async () => {
    const client = await server.connect();
    for (let from = 0; from < 10_000; from += 1000) {
      let text = "";
      for (let i = from; i < from + 1000; i++) text += `use tube-${i}\r\nput 0 0 60 1\r\nx\r\n`;
      client.send(text);
      for (let i = 0; i < 2000; i++) await client.reply();
    }
    const metrics = await scrape(server);
    assertEquals(metrics.value("runnerbean_tubes"), 10_001);
    const { samples } = metrics.families.get("runnerbean_tube_jobs")!;
    assertEquals(samples.length, 4 * (MOST_METRICS_TUBES + 1));
    const sumOf = (name: string, label: string): number =>
      metrics.families.get(name)!.samples.filter(({ labels }) => Object.values(labels).includes(label))
        .reduce(
          (sum, { value }) => sum + value,
          0,
        );
    assertEquals(sumOf("runnerbean_tube_jobs", "ready"), 10_000);
    assertEquals(sumOf("runnerbean_tube_job_events_total", "put"), 10_000);
    client.close();
  });
});
