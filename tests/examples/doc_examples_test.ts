// Every example in the documentation of the library and the client runs as it stands. Where an example prints something, what
// it says behind the statement (`// true`) is what it must print.
import { after, before, describe, it } from "node:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { findRuntime, RUNTIME, runtimeCommand } from "../support/runtime.ts";
import { PROJECT_DIR, type ServerProcess, startProcess, startServer } from "../support/server_process.ts";

interface Example {
  readonly name: string;
  readonly code: string;
}

/** The blocks of TypeScript in a file's comments, or in a page. */
function examplesOf(path: string): Example[] {
  const text = readFileSync(join(PROJECT_DIR, path), "utf8");
  const plain = path.endsWith(".md") ? text : text.replaceAll(/^ *\* ?/gm, "");
  return Array.from(
    plain.matchAll(/^```ts\n([^]*?)^```/gm),
    ([, code], i) => ({ name: `${path} ${i + 1}`, code }),
  );
}

const FILES: readonly string[] = [
  "mod.ts",
  "README.md",
  "docs/LIBRARY.md",
  "docs/INSTALL.md",
  ...["src/client", "src/library", "src/core", "src/protocol"].flatMap((folder) =>
    readdirSync(join(PROJECT_DIR, folder)).filter((file) => file.endsWith(".ts")).map((file) =>
      `${folder}/${file}`
    )
  ),
];
/** What is made for one runtime is tried on that. */
const isForAnother = ({ code }: Example): boolean => {
  const [, name = RUNTIME] = /"@runnerbean\/runnerbean\/(deno|bun)"/.exec(code) ?? [];
  return name !== RUNTIME;
};
/** Stands between what two of them print. */
const MARK = "--- example ";
/** Shown by the example of their module, or of what hands them out. */
const SHOWN_ELSEWHERE = ["Worker", "Engine", "Session", "Outbox", "Parser", "Command", "listen"];
const EXAMPLES = FILES.flatMap(examplesOf).filter((example) => !isForAnother(example));

describe("examples in the documentation", () => {
  let folder: string;
  let server: ServerProcess;
  let files: string[];
  let printedBy: string[];
  before(async () => {
    server = await startServer();
    folder = mkdtempSync(join(PROJECT_DIR, "tests/examples/run-"));
    files = EXAMPLES.map(({ code }, i) => {
      const jobs = join(folder, `jobs-${i}`);
      mkdirSync(jobs);
      const file = join(folder, `example_${i}.ts`);
      // Each has a server's port and a directory of its own.
      writeFileSync(file, code.replaceAll("11300", String(server.port)).replaceAll("./jobs", jobs));
      return file;
    });
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it("are there", () => assert(EXAMPLES.length >= 20, `${EXAMPLES.length} examples`));

  it(
    "have the types they should",
    { skip: skipWithoutDeno() },
    async () => {
      const check = startProcess([findRuntime("deno"), "check", "-q", ...files]);
      assertEquals(await check.exited, 0, check.stderr());
    },
  );

  it("are there for every entry, class and function", { skip: skipWithoutDeno() }, async () => {
    const entries = Object.values(JSON.parse(readFileSync(join(PROJECT_DIR, "deno.json"), "utf8")).exports);
    const doc = startProcess([
      findRuntime("deno"),
      "doc",
      "--json",
      ...entries.map((entry) => join(PROJECT_DIR, String(entry))),
    ]);
    assertEquals(await doc.exited, 0, doc.stderr());
    const modules = Object.values(JSON.parse(doc.stdout()).nodes) as DocumentedModule[];
    assertEquals(modules.length, entries.length);
    assertEquals(modules.map((module) => hasExample(module.module_doc)), entries.map(() => true));
    const bare = modules.flatMap(({ symbols }) => symbols).filter(needsExample).map(({ name }) => name);
    assertEquals(bare, []);
  });

  it("run one after the other, and leave nothing behind that keeps the process", async () => {
    const all = join(folder, "all.ts");
    const lines = files.map((file, i) =>
      `console.log("${MARK}${i}");\nawait import("./${basename(file)}");\n`
    );
    writeFileSync(all, `${lines.join("")}console.log("${MARK}end");\n`);
    const program = startProcess([...runtimeCommand(), all]);
    const exitCode = await program.exited;
    printedBy = program.stdout().split(new RegExp(`^${MARK}.*\\n`, "m")).slice(1);
    const last = EXAMPLES[printedBy.length - 1]?.name ?? "the end";
    assertEquals(exitCode, 0, `in ${last}: ${program.stderr()}`);
    assertEquals(printedBy.length, EXAMPLES.length + 1, program.stderr());
  });

  for (const [i, { name, code }] of EXAMPLES.entries()) {
    it(name, () => {
      const printed = printedBy[i].replaceAll('"', "").replaceAll("'", "");
      for (const [, expected] of code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)) {
        if (/ to \d/.test(expected)) continue; // a range
        const wanted = expected.replaceAll('"', "").replace(/:.*$/, "");
        assert(flat(printed).includes(flat(wanted)), `${expected} is not in ${printed}`);
      }
    });
  }
});

/** What Deno says of types and documentation is the same whoever asks. */
function skipWithoutDeno(): string | false {
  return RUNTIME === "deno" ? false : "told by Deno's own run";
}

/** What `deno doc --json` says, as far as it is looked at here. */
interface Documentation {
  readonly tags?: readonly { readonly kind: string }[];
}
interface DocumentedSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: Documentation;
    readonly def: { readonly extends?: string };
  }[];
}
interface DocumentedModule {
  readonly module_doc: Documentation;
  readonly symbols: readonly DocumentedSymbol[];
}

function hasExample(documentation: Documentation | undefined): boolean {
  return documentation?.tags?.some((tag) => tag.kind === "example") ?? false;
}

/** Functions and classes to be called: not types, values, errors, or what the others only hand out. */
function needsExample({ name, declarations }: DocumentedSymbol): boolean {
  const isCalled = declarations.some(({ kind, def }) =>
    kind === "function" || (kind === "class" && !def.extends?.endsWith("Error"))
  );
  return isCalled && !SHOWN_ELSEWHERE.includes(name) && !declarations.some(({ jsDoc }) => hasExample(jsDoc));
}

/** Runtimes print lists with different blanks. */
function flat(text: string): string {
  return text.replaceAll(/[\s[\]]/g, "");
}
