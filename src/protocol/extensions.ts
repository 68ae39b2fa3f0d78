// What follows our own words in a line. They are whole words: each ends at a space or with its line, so that no line which
// the reference knows is taken for one of them.

import { DEFAULT_LISTED_JOBS, MAX_LISTED_JOBS } from "../core/limits.ts";
import { RESERVED, STATE_WORDS, STATES_ALL } from "../core/jobs.ts";
import type { JobState } from "../core/jobs.ts";
import { readCursor } from "../core/list_cursor.ts";
import * as commands from "./command.ts";
import type { Command, Word } from "./command.ts";
import { isTubeName } from "./lexer.ts";
import type { Lexer } from "./lexer.ts";

const SPACE = 0x20;
const HYPHEN = 0x2d;
const LAST_VISIBLE = 0x7e;

/** The word of our own with which `bytes[from, end)` begins, if there is one. */
export function extensionAt(bytes: Uint8Array, from: number, end: number): Word | undefined {
  if (from === end) return undefined;
  return commands.EXTENSIONS_BY_FIRST_BYTE[bytes[from]].find(({ bytes: word }) => {
    const to = from + word.length;
    return (to === end || (to < end && bytes[to] === SPACE)) && isSame(bytes, from, to, word);
  });
}

/** Reads the arguments of the command whose code is set. False when they are not what it takes. */
export function readArguments(command: Command, lexer: Lexer): boolean {
  switch (command.code) {
    case commands.TRUNCATE:
      return readTube(command, lexer) && readStates(command, lexer);
    case commands.DELETE_TUBE:
      return readTube(command, lexer) && lexer.isComplete;
    case commands.LIST_JOBS:
      return readTube(command, lexer) && readPage(command, lexer);
    case commands.DRAIN:
      return readSetting(command, lexer);
    case commands.AUTH:
      return readToken(command, lexer);
    default:
      return lexer.isComplete;
  }
}

/** A tube's name, or a hyphen for the tube in use: no name begins with one. */
function readTube(command: Command, lexer: Lexer): boolean {
  const from = lexer.word();
  command.source = lexer.bytes;
  command.nameFrom = from;
  command.nameTo = lexer.at;
  command.isNameValid = isUsedTube(command) || isTubeName(lexer.bytes, from, lexer.at);
  return command.isNameValid;
}

/** Whether a command names the tube in use by a hyphen. A name of 200 bytes would leave no room for what follows it. */
export function isUsedTube({ source, nameFrom, nameTo }: Command): boolean {
  return nameTo - nameFrom === 1 && source[nameFrom] === HYPHEN;
}

function readStates(command: Command, lexer: Lexer): boolean {
  let states = 0;
  while (!lexer.isComplete) {
    const state = readState(lexer);
    if (state === 0 || state === RESERVED) return false;
    states |= 1 << state;
  }
  command.states = states === 0 ? STATES_ALL : states;
  return true;
}

function readPage(command: Command, lexer: Lexer): boolean {
  const state = readState(lexer);
  if (state === 0) return false;
  command.state = state;
  command.bound = lexer.isComplete ? DEFAULT_LISTED_JOBS : lexer.u32();
  command.cursor = null;
  if (lexer.failed || command.bound < 1 || command.bound > MAX_LISTED_JOBS) return false;
  if (lexer.isComplete) return true;
  command.cursor = readCursor(text(lexer.bytes, lexer.word(), lexer.at));
  return command.cursor !== null && lexer.isComplete;
}

/** One of the four states, or 0. */
function readState(lexer: Lexer): JobState | 0 {
  const word = text(lexer.bytes, lexer.word(), lexer.at);
  return lexer.failed ? 0 : Math.max(0, STATE_WORDS.indexOf(word)) as JobState | 0;
}

function readSetting(command: Command, lexer: Lexer): boolean {
  const word = text(lexer.bytes, lexer.word(), lexer.at);
  command.setting = word === "status" ? null : word === "on";
  return (word === "on" || word === "off" || word === "status") && lexer.isComplete;
}

/** Visible ASCII without spaces, to the end of the line. */
function readToken(command: Command, lexer: Lexer): boolean {
  const from = lexer.word();
  command.source = lexer.bytes;
  command.nameFrom = from;
  command.nameTo = lexer.at;
  for (let i = from; i < lexer.at; i++) {
    if (lexer.bytes[i] < SPACE || lexer.bytes[i] > LAST_VISIBLE) return false;
  }
  return lexer.isComplete;
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

function isSame(bytes: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== word[i - from]) return false;
  return true;
}
