// What does reading a command from its bytes cost?
import { bench, group } from "mitata";
import { PUT } from "../../src/protocol/command.ts";
import { COMMAND, NEED_MORE, Parser } from "../../src/protocol/parser.ts";

const LINES: readonly string[] = [
  "reserve\r\n",
  "reserve-with-timeout 0\r\n",
  "delete 1234567\r\n",
  "release 1234567 1024 0\r\n",
  "use some-tube\r\n",
  "pause-tube some-tube 3600\r\n",
];
const TOGETHER = 64;

/** Registers the parser's benches; each call of one reads 64 commands from one chunk. */
export function parserBenches(): void {
  group(`parser, ${TOGETHER} commands in a chunk`, () => {
    for (const line of LINES) readChunk(line.trim(), chunkOf(line), TOGETHER);
    readChunk("put with a body of 10 B", chunkOf(putOf(10)), TOGETHER);
    readChunk("put with a body of 1 KiB", chunkOf(putOf(1024)), TOGETHER);
  });
  group("parser, a command cut in the middle", () => {
    const bytes = new TextEncoder().encode("release 1234567 1024 0\r\n");
    const parser = new Parser();
    bench("release", () => read(parser, bytes.subarray(0, 11)) + read(parser, bytes.subarray(11)));
  });
}

function readChunk(name: string, chunk: Uint8Array, commands: number): void {
  const parser = new Parser();
  if (read(parser, chunk) !== commands) throw new Error(`${name} is not read as ${commands} commands`);
  bench(name, () => read(parser, chunk));
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
