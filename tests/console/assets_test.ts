// What the browser gets: the table is made from the sources that are there, and both languages say everything.
import { describe, it } from "node:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { ASSETS } from "../../src/http/console/assets.ts";
import { hexDump } from "../../src/http/console/browser/hex_dump.ts";
import { prettyJson } from "../../src/http/console/browser/pretty_json.ts";
import { ENGLISH } from "../../src/http/console/browser/words_en.ts";
import { CHINESE } from "../../src/http/console/browser/words_zh.ts";
import { REFUSAL_REASONS } from "../../src/ports/refusals.ts";

const FOLDER = fileURLToPath(new URL("../../src/http/console/browser/", import.meta.url));
const sources: [string, string][] = readdirSync(FOLDER).map((
  file,
) => [file, readFileSync(FOLDER + file, "utf8")]);

describe("the console's files", () => {
  it("are up to date (else: node scripts/tasks.mjs assets)", () => {
    const wanted = Object.fromEntries(
      sources.filter(([file]) => file !== "page.ts") // types only
        .map((
          [file, text],
        ) => [file.replace(/\.ts$/, ".js"), createHash("sha256").update(text).digest("hex")]),
    );
    assertEquals(
      Object.fromEntries(Object.entries(ASSETS).map(([name, { source }]) => [name, source])),
      wanted,
    );
  });

  it("ask for nothing that is not among them, and for nothing from elsewhere", () => {
    for (const [name, { text }] of Object.entries(ASSETS)) {
      for (const [, file] of text.matchAll(/from\s+"\.\/([^"]+)"|url\("([^"]+)"\)/g)) {
        if (file) assert(Object.hasOwn(ASSETS, file), `${name} asks for ${file}`);
      }
      for (const [, file] of text.matchAll(/(?:src|href)="\/console\/assets\/([^"]+)"/g)) {
        assert(Object.hasOwn(ASSETS, file), file);
      }
      const foreign = text.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)[^"\s]+/);
      assertEquals(foreign, null, name);
    }
  });

  it("have no code and no style inside the page", () => {
    const { text } = ASSETS["index.html"];
    assertEquals(text.match(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/g), null);
    for (const [name, asset] of Object.entries(ASSETS)) {
      assert(!/innerHTML|insertAdjacentHTML|eval\(/.test(asset.text), name);
    }
  });
});

describe("the console's words", () => {
  it("are the same in both languages, with the same values filled in", () => {
    assertEquals(Object.keys(CHINESE).sort(), Object.keys(ENGLISH).sort());
    const filled = (text: string): string[] =>
      [...new Set(Array.from(text.matchAll(/\{(\w+)/g), ([, name]) => name))].sort();
    for (const [key, text] of Object.entries(ENGLISH)) {
      const extra = filled(CHINESE[key as keyof typeof ENGLISH]).filter((name) =>
        !filled(text).includes(name)
      );
      assertEquals(extra, [], key);
    }
  });

  it("tell of every reason for which something is refused, and what to do", () => {
    for (const reason of REFUSAL_REASONS) {
      assert(Object.hasOwn(ENGLISH, `refusal.${reason}`), reason);
      assert(Object.hasOwn(ENGLISH, `refusal.${reason}.todo`), reason);
    }
  });

  it("are all used, and all that are used exist", () => {
    const code = sources.filter(([file]) => file.endsWith(".ts") && !file.startsWith("words_")).map((
      [, text],
    ) => text).join("\n");
    const keys = Object.keys(ENGLISH);
    for (const [, key] of code.matchAll(/\bt\("([^"]+)"/g)) {
      assert(keys.includes(key), `${key} does not exist`);
    }
    const patterns = Array.from(code.matchAll(/\bt\(`([^`]+)`/g), ([, text]) => {
      return new RegExp(`^${text.replaceAll(".", "\\.").replaceAll(/\$\{[^}]+\}/g, "[a-z-]+")}$`, "i");
    });
    for (const pattern of patterns) assert(keys.some((key) => pattern.test(key)), `nothing fits ${pattern}`);
    const isUsed = (key: string): boolean =>
      code.includes(`"${key}"`) || patterns.some((pattern) => pattern.test(key));
    assertEquals(keys.filter((key) => !isUsed(key)), []);
  });
});

describe("the body viewer", () => {
  it("indents JSON and changes no token of it", () => {
    const text =
      '{"n":123456789012345678901234567890,"n":1.0e5,"s":"a:,{}[]\\"b","e":{},"l":[[],[1,{"x":null}]]}';
    const pretty = prettyJson(text)!;
    assertEquals(pretty.replaceAll(/\s/g, ""), text);
    assertEquals(prettyJson('{"a":[1,2],"b":{}}'), '{\n  "a": [\n    1,\n    2\n  ],\n  "b": {}\n}');
    assertEquals([prettyJson("12"), prettyJson("{a}"), prettyJson("")], ["12", null, null]);
  });

  it("shows bytes with their offset and characters", () => {
    const rows = hexDump("48656c6c6f20776f726c6421000aff7f3041").split("\n");
    assertEquals(rows.length, 2);
    assertEquals(rows[0], "000000  48 65 6c 6c 6f 20 77 6f  72 6c 64 21 00 0a ff 7f  Hello world!····");
    assert(rows[1].startsWith("000010  30 41 ") && rows[1].endsWith("  0A"));
  });
});
