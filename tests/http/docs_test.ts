// The transcripts of docs/HTTP.md are what happens.
import { describe, it } from "node:test";
import { assert } from "@std/assert";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { skipWithout } from "../support/runtime.ts";
import { PROJECT_DIR } from "../support/server_process.ts";
import { withService } from "./service.ts";

const run = promisify(execFile);

interface Step {
  readonly command: string;
  readonly expected: string;
}

/** The commands of all console blocks, and what each prints. */
function steps(): Step[] {
  const text = readFileSync(`${PROJECT_DIR}docs/HTTP.md`, "utf8");
  return Array.from(text.matchAll(/```console\n([^]*?)```/g)).flatMap(([, block]) =>
    Array.from(block.matchAll(/^\$ (.*)\n([^]*?)(?=^\$ |(?![^]))/gm), ([, command, expected]) => ({
      command,
      expected: expected.trimEnd(),
    }))
  );
}

/** A pattern that a text fits: `…` stands for anything. */
function patternOf(expected: string): RegExp {
  const pieces = expected.split("…").map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pieces.join("[^]*?")}$`);
}

describe("docs/HTTP.md", () => {
  it(
    "shows what happens",
    { skip: skipWithout("curl"), timeout: 240_000 },
    () =>
      withService(async (service) => {
        const all = steps();
        assert(all.length > 15, "transcripts were found");
        for (const { command, expected } of all) {
          const { stdout } = await run("sh", [
            "-c",
            command.replaceAll("http://127.0.0.1:11380", service.url),
          ]);
          assert(patternOf(expected).test(stdout), `${command}\n${stdout}\ninstead of\n${expected}`);
        }
      }),
  );
});
