// Names in documents: written as they are unless a YAML parser would take them for something else. Judged by a table, by the
// expressions of the two versions of YAML, and by PyYAML and js-yaml where they are at hand.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { YamlDocument } from "../../src/protocol/document.ts";
import { isTubeName } from "../../src/protocol/lexer.ts";
import { needsQuotes } from "../../src/protocol/yaml_name.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const QUOTED: readonly string[] = [
  ..."null Null NULL true True TRUE false yes Yes no NO on On off OFF y Y n N tRUE".split(" "),
  ..."0 7 123 007 017 08 0o17 0O7 0b101 0x1f 0XAB +1 +0x1 1_000 1_ 0x_ 99999999999999999999".split(" "),
  ..."1.5 1. .5 +.5 . .. ... 1.2.3 1e3 1E+3 1.5e-3 12e03 685_230.15e+03 1.e+3 .inf .Inf +.INF .nan .NaN"
    .split(" "),
  ..."2001-12-14 2026-1-2".split(" "),
];
const PLAIN: readonly string[] = [
  ..."default a b-2 some-tube emails/high.prio nullable truely yes1 onto off- nil none ok yo".split(" "),
  ..."1a 12px 0o8 0b2 0xg 1e 1e+ e3 x1 v1.0 1.x +a + /1 ;1 $1 (1) _1 __ .hidden .infinity inf nan".split(" "),
  ..."2001-12 20011-1-1 2001-12-14T 1-2 1-000 tRUEx T true. 1/2 1;2 1$ 1( ".trim().split(" "),
  "x".repeat(200),
  `${"1".repeat(199)}x`,
];

/** YAML 1.1's types and 1.2's core schema, each as the specification writes it; in 1.1 without what holds a colon. */
const SPECIFIED: readonly RegExp[] = [
  /^(?:~|null|Null|NULL)$/,
  /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^[-+]?0b[0-1_]+$/,
  /^[-+]?0[0-7_]+$/,
  /^[-+]?(?:0|[1-9][0-9_]*)$/,
  /^[-+]?0x[0-9a-fA-F_]+$/,
  /^[-+]?(?:[0-9][0-9_]*)?\.[0-9.]*(?:[eE][-+][0-9]+)?$/,
  /^[-+]?\.(?:inf|Inf|INF)$/,
  /^\.(?:nan|NaN|NAN)$/,
  /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/,
  /^[-+]?[0-9]+$/,
  /^0o[0-7]+$/,
  /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/,
  /^[-?:,[\]{}#&*!|>'"%@`=<]/,
];

/** Names of all kinds, many of them nearly numbers. */
function drawNames(random: Random, count: number): Set<string> {
  const names = new Set<string>([...QUOTED, ...PLAIN]);
  const alphabets = [
    "0123456789",
    "019+-._eE",
    "01xXoObBaAfF_",
    ".infNaN+",
    "truefalsyonTRUE",
    "abc-+/;.$_()",
  ];
  while (names.size < count) {
    const alphabet = random.pick(alphabets) + random.pick(alphabets);
    const length = 1 + random.below(random.pick([3, 6, 12]));
    const name = Array.from({ length }, () => alphabet[random.below(alphabet.length)]).join("");
    if (isTubeName(bytesOf(name), 0, name.length)) names.add(name);
  }
  return names;
}

/** What a parser outside must read: a value and an item for each name, as the server writes them. */
function documentOf(names: Iterable<string>, isStrict: boolean = false): string {
  const document = new YamlDocument(isStrict);
  document.begin();
  let at = 0;
  for (const name of names) {
    document.line(`- at: ${at++}`);
    document.name("  name", bytesOf(name));
    document.line("  list:");
    document.line("  -");
    document.length--; // its line's end
    document.line(new TextDecoder().decode(itemOf(name)).slice(1).trimEnd());
  }
  return new TextDecoder().decode(document.bytes.subarray(0, document.length));
}

function itemOf(name: string): Uint8Array {
  const document = new YamlDocument();
  document.item(bytesOf(name));
  return document.bytes.slice(0, document.length);
}

function read(names: readonly string[], entries: readonly { name: unknown; list: unknown[] }[]): void {
  assertEquals(entries.length, names.length);
  const wrong = names.filter((name, i) => entries[i].name !== name || entries[i].list[0] !== name);
  assertEquals(wrong.slice(0, 10), []);
}

describe("names in documents", () => {
  it("are between quotes where YAML would misread them, and only there", () => {
    for (const name of QUOTED) assert(needsQuotes(bytesOf(name)), name);
    for (const name of PLAIN) assert(!needsQuotes(bytesOf(name)), name);
  });

  it("are between quotes wherever one of the two versions says that it is no text", () => {
    for (const name of drawNames(new Random(freshSeed("yaml names")), 50_000)) {
      const isMisread = SPECIFIED.some((type) => type.test(name));
      if (isMisread) assert(needsQuotes(bytesOf(name)), name);
    }
  });

  it("are written as the reference writes them by a strict server", () => {
    const document = new YamlDocument(true);
    document.begin();
    document.name("name", bytesOf("plain"));
    document.item(bytesOf("true"));
    assertEquals(
      new TextDecoder().decode(document.bytes.subarray(0, document.length)),
      '---\nname: "plain"\n- true\n',
    );
  });

  it("are read as they are by PyYAML", { timeout: 240_000 }, (t) => {
    const hasPyYaml = spawnSync("python3", ["-c", "import yaml"]).status === 0;
    if (!hasPyYaml) return skip(t, "PyYAML is not installed");
    const names = [...drawNames(new Random(freshSeed("PyYAML")), 2_000)];
    const program = "import sys, json, yaml\n" +
      "loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)\n" +
      "print(json.dumps(yaml.load(sys.stdin.read(), Loader=loader), default=repr))";
    const { stdout, stderr, status } = spawnSync("python3", ["-c", program], {
      input: documentOf(names),
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    assertEquals(status, 0, stderr);
    read(names, JSON.parse(stdout));
  });

  it("are read as they are by js-yaml", (t) => {
    const yaml = jsYaml();
    if (yaml === null) return skip(t, "js-yaml is not installed");
    const names = [...drawNames(new Random(freshSeed("js-yaml")), 5_000)];
    for (const schema of [yaml.CORE_SCHEMA, yaml.DEFAULT_SCHEMA]) {
      read(names, yaml.load(documentOf(names), { schema }) as { name: unknown; list: unknown[] }[]);
    }
  });
});

interface JsYaml {
  readonly CORE_SCHEMA: unknown;
  readonly DEFAULT_SCHEMA: unknown;
  load(text: string, options: { schema: unknown }): unknown;
}

/** It comes with other packages of the tests; null where it does not. */
function jsYaml(): JsYaml | null {
  try {
    return createRequire(import.meta.url)("js-yaml") as JsYaml;
  } catch {
    return null;
  }
}

function skip(t: { skip?: (why: string) => void }, why: string): void {
  console.log(`skipped: ${why}`);
  t.skip?.(why);
}
