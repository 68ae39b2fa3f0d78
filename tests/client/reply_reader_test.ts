// Bytes to replies: cut at every byte the same, and nothing that is no reply passes.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { ReplyReader } from "../../src/client/tcp/reply_reader.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Reads text in pieces of the given sizes; answers the replies in words, and whether it was a stream of replies. */
function read(text: string, sizes: (left: number) => number): { replies: string[]; isGood: boolean } {
  const replies: string[] = [];
  const reader = new ReplyReader(({ word, text, number, bytes }) => {
    replies.push(`${word}/${text}/${number}/${bytes === null ? "" : decoder.decode(bytes)}`);
  });
  const bytes = encoder.encode(text);
  let isGood = true;
  for (let at = 0; at < bytes.length && isGood;) {
    const end = Math.min(bytes.length, at + sizes(bytes.length - at));
    const chunk = bytes.slice(at, end);
    isGood = reader.push(chunk);
    chunk.fill(33); // it was only lent
    at = end;
  }
  return { replies, isGood };
}

const STREAM =
  "INSERTED 12\r\nRESERVED 7 5\r\nhe\r\no\r\nUSING a-b;c\r\nDELETED\r\nFOUND 9007199254740991 0\r\n\r\n" +
  "OK 9\r\n---\na: b\n\r\nKICKED 3\r\nKICKED\r\nTIMED_OUT\r\nWATCHING 2\r\nRESERVED 8 2\r\n\r\n\r\n";
const REPLIES = [
  "INSERTED/12/12/",
  "RESERVED/7/7/he\r\no",
  "USING/a-b;c/0/",
  "DELETED//0/",
  "FOUND/9007199254740991/9007199254740991/",
  "OK/9/9/---\na: b\n",
  "KICKED/3/3/",
  "KICKED//0/",
  "TIMED_OUT//0/",
  "WATCHING/2/2/",
  "RESERVED/8/8/\r\n",
];

describe("the reader of replies", () => {
  it("reads the same however the stream is cut", () => {
    for (let size = 1; size <= STREAM.length; size++) {
      assertEquals(read(STREAM, () => size), { replies: REPLIES, isGood: true });
    }
    for (let cut = 1; cut < STREAM.length; cut++) {
      let isFirst = true;
      const sizes = (left: number): number => {
        const size = isFirst ? cut : left;
        isFirst = false;
        return size;
      };
      assertEquals(read(STREAM, sizes), { replies: REPLIES, isGood: true });
    }
  });

  it("takes nothing that is no reply", () => {
    const streams = [
      "hello\r\n",
      "INSERTED\n",
      "INSERTED 1 2\r\n",
      "RESERVED 1\r\n",
      "RESERVED 1 x\r\n",
      "RESERVED x 1\r\n",
      "FOUND 1 3\r\nabcd\r\n",
      "RESERVED 1 99999999999\r\n",
      "OK\r\n",
      "OK x\r\n",
      " DELETED\r\n",
      "DELETED \r\n",
      "\r\n",
      "X".repeat(301),
      `USING ${"x".repeat(300)}\r\n`,
    ];
    for (const stream of streams) {
      for (const size of [1, 7, 1000]) {
        const { replies, isGood } = read(stream, () => size);
        assert(!isGood && replies.length === 0, JSON.stringify(stream));
      }
    }
  });
});
