// The tutorial, run as a reader would: its files are written, its commands run in one shell, and what it shows must come.
import { afterEach, beforeEach, describe, it } from "node:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { skipWithout } from "../support/runtime.ts";
import { freePort, PROJECT_DIR, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { runtimeCommand } from "../support/runtime.ts";

const TUTORIAL = readFileSync(`${PROJECT_DIR}docs/TUTORIAL.md`, "utf8");
const MARK = "=== block ===";
/** Nothing that the tutorial starts lives longer. */
const LIMIT_SECONDS = 120;
const skip = skipWithout("curl");

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = Array.from(
  TUTORIAL.matchAll(/^```(\w+)\n([^]*?)^```$/gm),
  ([, language, text]) => ({ language, text }),
);

/** The last expected line that is missing from an output, where lines come in order and … stands for anything; or null. */
function missingLine(output: string, expected: string): string | null {
  const lines = output.split("\n");
  for (const wanted of expected.trimEnd().split("\n")) {
    const pattern = new RegExp(`^${wanted.split("…").map(escaped).join(".*")}$`);
    const at = lines.findIndex((line) => pattern.test(line.trimEnd()));
    if (at < 0) return wanted;
    lines.splice(0, at + 1);
  }
  return null;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(" ");

describe("the tutorial", { skip }, () => {
  let folder: string;

  // Below the project, so that its own package name leads to it, as in a clone.
  beforeEach(() => void (folder = mkdtempSync(join(PROJECT_DIR, "tests/examples/run-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("does what it says", { timeout: 240_000 }, async () => {
    const [port, httpPort] = [await freePort(), await freePort()];
    const here = (text: string): string => {
      return text.replaceAll("11300", String(port)).replaceAll("11380", String(httpPort));
    };
    const commands: Record<string, readonly string[]> = {
      runnerbean: runnerbeanCommand(),
      run: runtimeCommand(),
    };
    for (const [name, command] of Object.entries(commands)) {
      writeFileSync(join(folder, name), `#!/bin/sh\nexec timeout ${LIMIT_SECONDS} ${quoted(command)} "$@"\n`);
      chmodSync(join(folder, name), 0o755);
    }
    writeFileSync(join(folder, "worker.ts"), here(blocks.find(({ language }) => language === "ts")!.text));
    const shell = blocks.filter(({ language }) => language === "sh").map(({ text }) => here(text));
    const script = [
      `cd '${folder}'`,
      `trap 'kill $(jobs -p) 2>/dev/null' EXIT`,
      ...shell.map((text) => `${text}\necho '${MARK}'`),
    ];
    const { exited, stdout, stderr } = startProcess([
      "timeout",
      String(LIMIT_SECONDS),
      "bash",
      "-c",
      script.join("\n"),
    ], {
      PATH: `${folder}:${process.env.PATH}`,
      RUNNERBEAN_SERVER: `127.0.0.1:${port}`,
    });
    await exited;
    const outputs = stdout().split(`${MARK}\n`);
    const expected = blocks.filter(({ language }) => language === "text").map(({ text }) => here(text));
    assertEquals(outputs.length, shell.length + 1, `every block ran: ${stdout()}${stderr()}`);
    assertEquals(expected.length, shell.length, "every block of commands shows what comes");
    expected.forEach((text, i) => {
      assertEquals(missingLine(outputs[i], text), null, `block ${i + 1} printed:\n${outputs[i]}${stderr()}`);
    });
  });

  it("would be told of a line that does not come", () => {
    assertEquals(missingLine("a\nb 1\nc\n", "a\nb …\n"), null);
    assertEquals(missingLine("a\nc\n", "a\nb …\n"), "b …");
    assert(blocks.length > 10);
  });
});
