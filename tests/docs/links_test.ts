// Every relative link in the project's papers leads somewhere: the file is there, and so is the heading.
import { describe, it } from "node:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { PROJECT_DIR } from "../support/server_process.ts";

const SKIPPED = new Set(["node_modules", ".git", "coverage", "build"]);

function papers(folder: string): string[] {
  return readdirSync(folder).flatMap((entry) => {
    const path = join(folder, entry);
    if (SKIPPED.has(entry)) return [];
    if (statSync(path).isDirectory()) return papers(path);
    return path.endsWith(".md") ? [path] : [];
  });
}

/** The text without fenced blocks and code spans. */
const proseOf = (text: string): string => text.replaceAll(/^```[^]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "");

/** Links that are no addresses of the web. */
function linksIn(text: string): string[] {
  return Array.from(proseOf(text).matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchor that a heading gets on the usual code hosts. */
function anchorOf(heading: string): string {
  const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return plain.replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-");
}

function anchorsIn(text: string): Set<string> {
  const headings = text.replaceAll(/^```[^]*?^```/gm, "").matchAll(/^#+ +(.+)$/gm);
  return new Set(Array.from(headings, ([, heading]) => anchorOf(heading)));
}

/** What is wrong with a link in a file, or null. */
function faultOf(file: string, link: string, text: string): string | null {
  const [path, anchor] = link.split("#");
  const target = path === "" ? file : join(dirname(file), decodeURI(path));
  const name = `${relative(PROJECT_DIR, file)}: ${link}`;
  if (!existsSync(target)) return `${name}: there is no such file`;
  if (anchor === undefined || !target.endsWith(".md")) return null;
  const there = anchorsIn(path === "" ? text : readFileSync(target, "utf8"));
  return there.has(anchor) ? null : `${name}: there is no such heading`;
}

describe("links in the papers", () => {
  it("lead somewhere", () => {
    let links = 0;
    const faults: string[] = [];
    for (const file of papers(PROJECT_DIR)) {
      const text = readFileSync(file, "utf8");
      for (const link of linksIn(text)) {
        links++;
        const fault = faultOf(file, link, text);
        if (fault !== null) faults.push(fault);
      }
    }
    assertEquals(faults, []);
    assert(links > 50, `${links} links were found`);
  });

  it("are noticed when they lead nowhere", () => {
    const file = join(PROJECT_DIR, "README.md");
    const text = "# A `b` heading\n[a](no.md) [b](#nothing) [c](#a-b-heading) [d](LICENSE)";
    assertEquals(linksIn(text), ["no.md", "#nothing", "#a-b-heading", "LICENSE"]);
    const faults = linksIn(text).map((link) => faultOf(file, link, text));
    assertEquals(faults, [
      "README.md: no.md: there is no such file",
      "README.md: #nothing: there is no such heading",
      null,
      null,
    ]);
  });
});
