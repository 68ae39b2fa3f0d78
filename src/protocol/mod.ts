/**
 * The protocol, for tools of your own: a parser that takes a connection's bytes cut anywhere, and an encoder of replies.
 *
 * @example What a client sends, command by command
 * ```ts
 * import { COMMANDS, EVENTS, Parser, wordOf } from "@runnerbean/runnerbean/protocol";
 *
 * const parser = new Parser();
 * const chunk = new TextEncoder().encode("use mails\r\nput 0 0 60 5\r\nhello\r\nreserve\r\n");
 * const words: string[] = [];
 * let event = 0;
 * while ((event = parser.next(chunk, parser.at, chunk.length)) !== EVENTS.NEED_MORE) {
 *   if (event !== EVENTS.COMMAND) continue; // a part of a body, or a mistake
 *   words.push(wordOf(parser.command.code));
 *   if (parser.command.code === COMMANDS.PUT) parser.receiveBody(parser.command.bodyBytes + 2);
 * }
 * console.log(words.join(" ")); // use put reserve
 * ```
 *
 * @module
 */
export type { Alarmed, BodyReader, CopyBytes, Engine, EngineOptions, Outbox, Session } from "../core/mod.ts";
export { COMMANDS, EVENTS } from "./codes.ts";
export { Command, wordOf } from "./command.ts";
export {
  BAD_FORMAT_REPLY,
  EXPECTED_CRLF_REPLY,
  JOB_TOO_BIG_REPLY,
  OUT_OF_MEMORY_REPLY,
  ReplyEncoder,
  UNKNOWN_COMMAND_REPLY,
} from "./encoder.ts";
export type { ReplyWriter, ServerState } from "./encoder.ts";
export { Parser } from "./parser.ts";
export type { RefusalFigures, ServerFacts } from "./stats.ts";
