// The house keeps its shape: imports point one way, files and lines stay small, version numbers agree.
import { describe, it } from "node:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { VERSION } from "../src/cli/version.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** Which rooms a room may import from, beside itself. */
const ARROWS: Record<string, readonly string[]> = {
  core: [],
  protocol: ["core"],
  ports: [],
  access: ["core"],
  journal: ["ports", "core"],
  server: ["core", "protocol", "ports", "access"],
  adapters: ["ports"],
  client: ["core", "ports", "runtime"],
  observe: ["core", "ports", "server"],
  library: ["core", "protocol", "ports", "journal", "server", "adapters", "client", "runtime"],
  runtime: ["core", "ports", "adapters"],
  http: ["core", "ports", "server", "client", "observe", "runtime", "access"],
  cli: [
    "core",
    "protocol",
    "ports",
    "journal",
    "server",
    "adapters",
    "client",
    "library",
    "http",
    "observe",
    "runtime",
    "access",
  ],
};
/** Rooms that may use the runtimes' own modules, and packages. */
const MAY_USE_NODE = ["adapters", "cli", "http", "library", "runtime"];
const MAY_USE_PACKAGES = ["cli", "http"];

interface Import {
  readonly file: string;
  readonly target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(PROJECT, folder)).flatMap((entry) => {
    const path = join(folder, entry);
    if (entry === "node_modules") return [];
    return statSync(join(PROJECT, path)).isDirectory()
      ? sourceFiles(path)
      : path.endsWith(".ts")
      ? [path]
      : [];
  });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(PROJECT, file), "utf8");
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/g,
  );
  return Array.from(found, (match) => ({ file, target: match[1] ?? match[2] }));
}

const roomOf = (path: string): string => path.split("/")[1];

/** Says what is wrong with an import, or nothing. */
function faultOf({ file, target }: Import): string | null {
  const room = roomOf(file);
  if (target.startsWith("node:")) return MAY_USE_NODE.includes(room) ? null : `${file} uses ${target}`;
  if (!target.startsWith(".")) {
    return MAY_USE_PACKAGES.includes(room) ? null : `${file} uses the package ${target}`;
  }
  const path = relative(PROJECT, normalize(join(PROJECT, file, "..", target)));
  if (!path.startsWith("src/")) return `${file} reaches outside of src: ${target}`;
  const other = roomOf(path);
  if (other !== room) {
    return ARROWS[room]?.includes(other) ? null : `${file} imports ${path}: ${room} may not know ${other}`;
  }
  const isSibling = room === "adapters" && path.split("/").length > 3 &&
    path.split("/")[2] !== file.split("/")[2];
  return isSibling ? `${file} imports its sibling ${path}` : null;
}

describe("house", () => {
  it("has imports that point one way", () => {
    const files = sourceFiles("src");
    assert(files.length > 20, "source files were found");
    assertEquals(files.flatMap(importsOf).map(faultOf).filter((fault) => fault !== null), []);
  });

  it("notices an arrow that turns round", () => {
    assert(faultOf({ file: "src/core/engine.ts", target: "../server/server.ts" }) !== null);
    assert(faultOf({ file: "src/core/engine.ts", target: "node:fs" }) !== null);
    assert(faultOf({ file: "src/server/server.ts", target: "valibot" }) !== null);
    assert(faultOf({ file: "src/adapters/bun/listen.ts", target: "../node/listen.ts" }) !== null);
    assertEquals(faultOf({ file: "src/server/server.ts", target: "../core/engine.ts" }), null);
  });

  it("has files of at most 500 lines, the documentation of what is exported not counted", () => {
    const withoutDocs = (text: string): string => text.replaceAll(/^ *\/\*\*[^]*?\*\/\n/gm, "");
    const lines = (file: string): number =>
      withoutDocs(readFileSync(join(PROJECT, file), "utf8")).split("\n").length;
    const all = ["src", "tests", "bench"].flatMap(sourceFiles);
    assertEquals(all.filter((file) => lines(file) > 500), []);
  });

  it("reads no clock, no randomness and waits for nothing in the core", () => {
    const forbidden = /\b(?:async|await|Promise|setTimeout|Date|performance|Math\.random|crypto)\b/;
    const code = (file: string): string =>
      readFileSync(join(PROJECT, file), "utf8").replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "");
    assertEquals(sourceFiles("src/core").filter((file) => forbidden.test(code(file))), []);
  });

  it("says the same version everywhere", () => {
    const versionIn = (file: string): string => JSON.parse(readFileSync(join(PROJECT, file), "utf8")).version;
    assertEquals([versionIn("package.json"), versionIn("deno.json")], [VERSION, VERSION]);
  });
});
