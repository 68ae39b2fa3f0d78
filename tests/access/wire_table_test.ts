// Every command of the text protocol, asked for by everybody: who has the scope, who has the others, who has it elsewhere,
// who has not said who they are, and whose token has ended. And the table in docs/SECURITY.md.
import { after, before, describe, it } from "node:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { COMMAND_RULES, type CommandRule } from "../../src/access/command_rules.ts";
import { type Scope, SCOPES } from "../../src/access/scopes.ts";
import { wordOf } from "../../src/protocol/command.ts";
import { PROJECT_DIR, type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { ASKERS, isLetIn, tableTokens, tokenFor } from "./askers.ts";
import { END, securityTable, START } from "./security_table.ts";

/** What is sent, and what somebody who may gets. `~` is the number of a ready job in the tube "here". */
const LINES: Readonly<Record<string, readonly [string, RegExp]>> = {
  put: ["put 0 0 60 3\r\nabc\r\n", /^INSERTED /],
  use: ["use here\r\n", /^USING here/],
  reserve: ["reserve\r\n", /^RESERVED /],
  "reserve-with-timeout": ["reserve-with-timeout 0\r\n", /^(?:RESERVED|TIMED_OUT)/],
  "reserve-job": ["reserve-job ~\r\n", /^RESERVED ~/],
  delete: ["delete ~\r\n", /^DELETED/],
  release: ["release ~ 0 0\r\n", /^NOT_FOUND/],
  bury: ["bury ~ 0\r\n", /^NOT_FOUND/],
  touch: ["touch ~\r\n", /^NOT_FOUND/],
  watch: ["watch here\r\n", /^WATCHING/],
  ignore: ["ignore here\r\n", /^WATCHING/],
  peek: ["peek ~\r\n", /^FOUND ~/],
  "peek-ready": ["peek-ready\r\n", /^FOUND /],
  "peek-delayed": ["peek-delayed\r\n", /^NOT_FOUND/],
  "peek-buried": ["peek-buried\r\n", /^NOT_FOUND/],
  kick: ["kick 1\r\n", /^KICKED 0/],
  "kick-job": ["kick-job ~\r\n", /^NOT_FOUND/],
  "stats-job": ["stats-job ~\r\n", /^OK /],
  "stats-tube": ["stats-tube here\r\n", /^OK /],
  stats: ["stats\r\n", /^OK /],
  "list-tubes": ["list-tubes\r\n", /^OK /],
  "list-tube-used": ["list-tube-used\r\n", /^USING /],
  "list-tubes-watched": ["list-tubes-watched\r\n", /^OK /],
  "list-jobs": ["list-jobs here ready\r\n", /^OK /],
  "pause-tube": ["pause-tube here 0\r\n", /^PAUSED/],
  truncate: ["truncate here buried\r\n", /^TRUNCATED 0/],
  "delete-tube": ["delete-tube here\r\n", /^IN_USE/],
  drain: ["drain off\r\n", /^DRAIN off/],
  "drain status": ["drain status\r\n", /^DRAIN off/],
  capabilities: ["capabilities\r\n", /^OK /],
  ping: ["ping\r\n", /^PONG/],
  auth: [`auth ${tokenFor("put", "here")}\r\n`, /^AUTHENTICATED/],
  quit: ["quit\r\n", /^$/],
};

describe("every command", () => {
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-access-"));
  let server: ServerProcess;
  let admin: WireClient;

  before(async () => {
    const file = join(folder, "tokens");
    writeFileSync(file, tableTokens());
    chmodSync(file, 0o600);
    server = await startServer({ args: ["--auth", file] });
    admin = await WireClient.connect(server.port);
    assertEquals(await admin.ask(`auth ${tokenFor("admin", "*")}\r\n`), "AUTHENTICATED\r\n");
    for (const line of ["use here\r\n", "watch here\r\n"]) await admin.ask(line); // keeps the tube
  });

  after(async () => {
    admin.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** A fresh ready job. */
  const job = async (): Promise<string> => {
    const reply = await admin.ask("put 0 0 60 3\r\nabc\r\n");
    assert(reply.startsWith("INSERTED "), reply);
    return reply.split(" ")[1].trim();
  };

  const ask = async (rule: CommandRule, word: string, token: string | null): Promise<[string, string]> => {
    const id = await job();
    const client = await WireClient.connect(server.port);
    if (token !== null) await client.ask(`auth ${token}\r\n`);
    if (rule.subject === "used") await client.ask("use here\r\n");
    if (rule.subject === "watched") {
      await client.ask("watch here\r\n");
      await client.ask("ignore default\r\n");
    }
    const reply = await client.ask(LINES[word][0].replaceAll("~", id));
    client.close();
    return [reply, id];
  };

  it("is declared, and asked for here", () => {
    const words = Array.from({ length: 256 }, (_, code) => wordOf(code)).filter((word) => word !== "");
    assert(words.length >= 32, `${words.length} words`);
    assertEquals([...words, "drain status"].sort(), Object.keys(COMMAND_RULES).sort());
    assertEquals(Object.keys(LINES).sort(), Object.keys(COMMAND_RULES).sort());
  });

  for (const [word, rule] of Object.entries(COMMAND_RULES)) {
    it(`${word}: ${rule.scope}${rule.subject === null ? "" : ` of ${rule.subject}`}`, async () => {
      const { scope, subject } = rule;
      const isScope = (SCOPES as readonly string[]).includes(scope);
      for (const asker of ASKERS) {
        const [reply, id] = await ask(rule, word, asker.token(isScope ? scope as Scope : "read"));
        const isAllowed = scope === "everyone" || (asker.isKnown && (
          scope === "known" ||
          isLetIn(
            asker,
            scope === "some" ? "some" : "scope",
            subject === "any" || subject === "all" ? subject : "here",
          )
        ));
        const expected = isAllowed
          ? new RegExp(LINES[word][1].source.replace("~", id))
          : /^UNAUTHORIZED\r\n$/;
        assert(expected.test(reply), `${asker.title}: ${JSON.stringify(reply.slice(0, 60))}`);
      }
    });
  }

  it("a job in hand may be looked at and deleted with the scope reserve, another's not", async () => {
    const client = await WireClient.connect(server.port);
    await client.ask(`auth ${tokenFor("reserve", "here")}\r\n`);
    const [held, other] = [await job(), await job()];
    assert((await client.ask(`reserve-job ${held}\r\n`)).startsWith("RESERVED"));
    for (const line of ["peek ", "stats-job ", "touch ", "delete "]) {
      const reply = await client.ask(`${line}${held}\r\n`);
      assert(/^(?:FOUND|OK|TOUCHED|DELETED)/.test(reply), `${line}${reply}`);
      if (line === "touch ") continue;
      assertEquals(await client.ask(`${line}${other}\r\n`), "UNAUTHORIZED\r\n");
    }
    client.close();
  });
});

describe("docs/SECURITY.md", () => {
  it("has the table that the code makes", () => {
    const text = readFileSync(`${PROJECT_DIR}docs/SECURITY.md`, "utf8");
    const table = text.slice(text.indexOf(START) + START.length, text.indexOf(END)).trim();
    assertEquals(table, securityTable().trim(), "run tests/access/write_security_table.ts");
  });
});
