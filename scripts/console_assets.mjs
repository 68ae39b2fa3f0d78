// Writes src/http/console/assets.ts: what the browser gets, as strings in a module, so that the console is there however
// the program comes (source, package, single binary) and nobody needs a build step. The browser's sources are TypeScript;
// types are blanked out as Node does when it runs them. Run with Node 24 or newer: node scripts/tasks.mjs assets.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../src/http/console/", import.meta.url));
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ts": "text/javascript; charset=utf-8",
};

writeFileSync(`${FOLDER}assets.ts`, tableText());

function tableText() {
  const sources = readdirSync(`${FOLDER}browser`).sort().map((file) => {
    const source = readFileSync(`${FOLDER}browser/${file}`, "utf8");
    return { file, source, text: extname(file) === ".ts" ? scriptOf(source) : source };
  }).filter(({ text }) => text !== ""); // types only
  const scripts = sources.map(({ file }) => scriptName(file)).filter((name) => name.endsWith(".js"));
  const rows = sources.map(({ file, source, text }) => {
    const whole = text.replace("<!-- modules -->", preloads(scripts));
    const etag = `"${hashOf(whole).slice(0, 16)}"`;
    const row = { type: TYPES[extname(file)], source: hashOf(source), etag, text: whole };
    return `  ${JSON.stringify(scriptName(file))}: ${JSON.stringify(row)},`;
  });
  return `// Made from browser/ by scripts/console_assets.mjs; a test says when it is out of date. Do not edit.
// deno-fmt-ignore-file
// deno-lint-ignore-file
import type { Asset } from "./asset.ts";

export const ASSETS: Readonly<Record<string, Asset>> = {
${rows.join("\n")}
};
`;
}

function scriptName(file) {
  return file.replace(/\.ts$/, ".js");
}

/** All modules at once, instead of one after the other as they name each other. */
function preloads(scripts) {
  return scripts.map((name) => `<link rel="modulepreload" href="/console/assets/${name}">`).join("\n    ");
}

/** JavaScript: without types and comments, with the names that the browser asks for. */
function scriptOf(source) {
  const script = stripTypeScriptTypes(source)
    .replaceAll(/^\s*\/\/.*$/gm, "")
    .replaceAll(/^\s*\/\*\*[^]*?\*\/\s*$/gm, "")
    .replaceAll(/(from\s+"\.\/[a-z_]+)\.ts"/g, '$1.js"')
    .replaceAll(/[ \t]+$/gm, "")
    .replaceAll(/\n{2,}/g, "\n")
    .trimStart();
  return /^(export \{\};?\s*)?$/.test(script.trim()) ? "" : script;
}

function hashOf(text) {
  return createHash("sha256").update(text).digest("hex");
}
