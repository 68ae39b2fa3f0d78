// What does reading a command from its bytes cost?
import { PUT } from "../../src/protocol/command.ts";
import { COMMAND, NEED_MORE, Parser } from "../../src/protocol/parser.ts";
import type { Operation, OperationGroup } from "./operation.ts";

const LINES: readonly string[] = [
  "reserve",
  "reserve-with-timeout 0",
  "delete 1234567",
  "release 1234567 1024 0",
  "touch 1234567",
  "use some-tube",
  "pause-tube some-tube 3600",
];
const TOGETHER = 64;
const CHUNKS = 30;

/** Commands that come 64 in a chunk, and one that comes in two pieces. */
export function parserGroups(): OperationGroup[] {
  return [{
    name: `parser, ${TOGETHER} commands in a chunk`,
    operations: [
      ...LINES.map((line) => readChunk(line, chunkOf(`${line}\r\n`))),
      readChunk("put with a body of 10 B", chunkOf(putOf(10))),
      readChunk("put with a body of 1 KiB", chunkOf(putOf(1024))),
      readInTwo("release, cut in the middle", "release 1234567 1024 0\r\n"),
    ],
  }];
}

function readChunk(name: string, chunk: Uint8Array): Operation {
  const parser = new Parser();
  if (read(parser, chunk) !== TOGETHER) throw new Error(`${name} is not read as ${TOGETHER} commands`);
  return {
    name,
    count: TOGETHER * CHUNKS,
    run() {
      let commands = 0;
      for (let i = 0; i < CHUNKS; i++) commands += read(parser, chunk);
      return commands;
    },
  };
}

function readInTwo(name: string, line: string): Operation {
  const bytes = new TextEncoder().encode(line);
  const parser = new Parser();
  const [first, second] = [bytes.slice(0, bytes.length >> 1), bytes.slice(bytes.length >> 1)];
  return {
    name,
    count: TOGETHER * CHUNKS,
    run() {
      let commands = 0;
      for (let i = 0; i < TOGETHER * CHUNKS; i++) commands += read(parser, first) + read(parser, second);
      return commands;
    },
  };
}

/** Reads all of a chunk and returns how many commands were in it. */
function read(parser: Parser, chunk: Uint8Array): number {
  let commands = 0;
  for (
    let event = parser.next(chunk, 0, chunk.length);;
    event = parser.next(chunk, parser.at, chunk.length)
  ) {
    if (event === NEED_MORE) return commands;
    if (event !== COMMAND) continue;
    commands++;
    if (parser.command.code === PUT) parser.receiveBody(parser.command.bodyBytes + 2);
  }
}

function putOf(bytes: number): string {
  return `put 1024 0 600 ${bytes}\r\n${"x".repeat(bytes)}\r\n`;
}

function chunkOf(command: string): Uint8Array {
  return new TextEncoder().encode(command.repeat(TOGETHER));
}
