// README.zh-CN.md keeps in step with README.md: the same headings by number and level, the same code, links and rows of tables.
import { describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { assertEquals, assertNotEquals } from "@std/assert";
import { PROJECT_DIR } from "../support/server_process.ts";

/** What must be alike in two languages: one line per heading, code block, table row, paragraph of links. */
function outlineOf(text: string): string[] {
  const outline: string[] = [];
  const withoutCode = text.replaceAll(/^```[^]*?^```$/gm, (code) => {
    outline.push(code);
    return "CODE";
  });
  for (const line of withoutCode.split("\n")) {
    if (line.startsWith("#")) outline.push(`heading of level ${/^#+/.exec(line)![0].length}`);
    if (line.startsWith("|")) outline.push(`row of ${line.split("|").length - 2} cells`);
    outline.push(...Array.from(line.matchAll(/\]\(([^)]+)\)/g), ([, target]) => `link to ${target}`));
    outline.push(...Array.from(line.matchAll(/`([^`]+)`/g), ([, code]) => `code ${code}`));
  }
  return outline;
}

const read = (file: string): string => readFileSync(`${PROJECT_DIR}${file}`, "utf8");

describe("the Chinese README", () => {
  it("has what the English one has", () => {
    assertEquals(outlineOf(read("README.zh-CN.md")).sort(), outlineOf(read("README.md")).sort());
  });

  it("would be found to lag behind", () => {
    const text = read("README.md");
    const changes = [
      "\n## More\n",
      "\n| a | b |\n",
      "\n[a](docs/HTTP.md)\n",
      "\nuse `--new`\n",
      "\n```sh\nls\n```\n",
    ];
    for (const more of changes) assertNotEquals(outlineOf(text + more).sort(), outlineOf(text).sort());
  });
});
