// The numbers of the parser by their names, for those who read a stream of commands from outside.

import { numbersIn } from "../core/kinds.ts";
import * as commands from "./command.ts";
import * as parser from "./parser.ts";

/**
 * What {@link Command.code} means: `COMMANDS.PUT`, `COMMANDS.RESERVE_WITH_TIMEOUT`, …
 *
 * @example
 * ```ts
 * import { COMMANDS, wordOf } from "@runnerbean/runnerbean/protocol";
 *
 * console.log(wordOf(COMMANDS.KICK_JOB)); // kick-job
 * ```
 */
export const COMMANDS: Readonly<Record<string, number>> = numbersIn(commands);

/**
 * What {@link Parser.next} answers: `EVENTS.COMMAND`, `EVENTS.BODY_PART`, `EVENTS.NEED_MORE`, …
 *
 * @example
 * ```ts
 * import { EVENTS, Parser } from "@runnerbean/runnerbean/protocol";
 *
 * const line = new TextEncoder().encode("reserve-witch\r\n");
 * console.log(new Parser().next(line, 0, line.length) === EVENTS.BAD_FORMAT); // true
 * ```
 */
export const EVENTS: Readonly<Record<string, number>> = numbersIn(parser);
