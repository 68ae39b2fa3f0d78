// Every transcript in docs/PROTOCOL.md is true: each is played on a server of its own, line by line.
//
// Left of the arrow is what is sent, right of it the reply. Lines that begin with a space go on with the reply, others with
// what is sent. An ellipsis stands for any number of lines. A block marked `strict` is for a server with --strict.
import { describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { PROJECT_DIR, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

interface Exchange {
  readonly sent: string[];
  readonly reply: string[];
}

interface Transcript {
  readonly isStrict: boolean;
  readonly exchanges: readonly Exchange[];
}

const ARROW = /^(.*?) +→ (.*)$/;
const ELLIPSIS = "…";
const WORDS_OF_OUR_OWN = ["truncate", "delete-tube", "list-jobs", "capabilities", "ping", "drain", "auth"];

function transcriptsOf(page: string): Transcript[] {
  const blocks = page.matchAll(/^```(strict)?\n([^`]*?→[^`]*?)^```$/gm);
  return Array.from(blocks, ([, mark, text]) => ({
    isStrict: mark === "strict",
    exchanges: exchangesOf(text.split("\n").slice(0, -1)),
  }));
}

function exchangesOf(lines: readonly string[]): Exchange[] {
  const exchanges: Exchange[] = [];
  /** The column at which replies begin that go on below. */
  let indent = 0;
  for (const line of lines) {
    const arrow = ARROW.exec(line);
    const last = exchanges.at(-1);
    if (arrow !== null) exchanges.push({ sent: [arrow[1]], reply: [arrow[2]] });
    else if (last === undefined) throw new Error(`no arrow yet: ${line}`);
    else if (!line.startsWith(" ")) last.sent.push(line);
    else {
      if (last.reply.length === 1) indent = line.search(/\S/);
      last.reply.push(line.slice(indent));
    }
  }
  return exchanges;
}

/** The lines of a reply, without what ends it. */
function linesOf(reply: string): string[] {
  return reply.replace(/\n?\r\n$/, "").split(/\r?\n/);
}

/** The reply with what the ellipsis stands for left out; as it is when that does not fit. */
function abridged(lines: string[], wanted: readonly string[]): string[] {
  const at = wanted.indexOf(ELLIPSIS);
  if (at < 0) return lines;
  const tail = wanted.length - at - 1;
  return lines.length < wanted.length - 1
    ? lines
    : [...lines.slice(0, at), ELLIPSIS, ...lines.slice(lines.length - tail)];
}

const transcripts = transcriptsOf(readFileSync(`${PROJECT_DIR}docs/PROTOCOL.md`, "utf8"));

describe("transcripts in docs/PROTOCOL.md", () => {
  it("are there, for each word of our own too", () => {
    const sent = (isStrict: boolean): string[] =>
      transcripts.filter((one) => one.isStrict === isStrict).flatMap(({ exchanges }) =>
        exchanges.map((exchange) => exchange.sent[0].split(" ")[0])
      );
    for (const word of WORDS_OF_OUR_OWN) assert(sent(false).includes(word), word);
    assert(sent(true).length > 0, "a strict one");
  });

  transcripts.forEach(({ isStrict, exchanges }) => {
    it(`${exchanges[0].sent[0]} …${isStrict ? " (strict)" : ""}`, async () => {
      const server = await startServer({ args: isStrict ? ["--strict"] : [] });
      try {
        const client = await WireClient.connect(server.port);
        for (const { sent, reply } of exchanges) {
          const lines = linesOf(await client.ask(sent.map((line) => `${line}\r\n`).join("")));
          assertEquals(abridged(lines, reply), reply, sent[0]);
        }
        assertEquals(client.unread, "");
        client.close();
      } finally {
        await server.stop();
      }
    });
  });
});
