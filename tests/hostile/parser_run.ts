// Drives a parser as a connection does and keeps a fingerprint of all that it said, so that two parsers can be compared.
import { assert } from "@std/assert";
import { STATES_ALL } from "../../src/core/jobs.ts";
import * as commands from "../../src/protocol/command.ts";
import * as parsing from "../../src/protocol/parser.ts";
import { Parser } from "../../src/protocol/parser.ts";

/** Bodies up to the first size are taken, up to the second passed over; for larger ones the put is refused. */
const TAKEN_BYTES = 600;
const SKIPPED_BYTES = 2000;

const MAX_U32 = 0xffff_ffff;
const FIELDS: Readonly<
  Record<
    number,
    readonly ("id" | "pri" | "delay" | "ttr" | "bodyBytes" | "seconds" | "bound" | "states" | "state")[]
  >
> = {
  [commands.PUT]: ["pri", "delay", "ttr", "bodyBytes"],
  [commands.PEEK]: ["id"],
  [commands.RESERVE_WITH_TIMEOUT]: ["seconds"],
  [commands.RESERVE_JOB]: ["id"],
  [commands.DELETE]: ["id"],
  [commands.RELEASE]: ["id", "pri", "delay"],
  [commands.BURY]: ["id", "pri"],
  [commands.KICK]: ["bound"],
  [commands.KICK_JOB]: ["id"],
  [commands.TOUCH]: ["id"],
  [commands.STATS_JOB]: ["id"],
  [commands.PAUSE_TUBE]: ["seconds"],
  [commands.TRUNCATE]: ["states"],
  [commands.LIST_JOBS]: ["state", "bound"],
};
const WITH_NAME: ReadonlySet<number> = new Set([
  commands.USE,
  commands.WATCH,
  commands.IGNORE,
  commands.STATS_TUBE,
  commands.PAUSE_TUBE,
  commands.TRUNCATE,
  commands.DELETE_TUBE,
  commands.LIST_JOBS,
]);

export class ParserRun {
  readonly parser: Parser;
  readonly #isStrict: boolean;
  /** Grows with every event and every byte of a body; equal for equal streams however they are cut. */
  fingerprint = 0;
  lastEvent: number = parsing.NEED_MORE;
  commandCount = 0;
  /** The first line was HTTP: a connection would be closed now. */
  isHttp = false;
  #skipLeft = 0;

  constructor(isStrict: boolean) {
    this.parser = new Parser(undefined, undefined, isStrict);
    this.#isStrict = isStrict;
  }

  /** Bytes that must come before the parser is at the beginning of a line again. */
  get owed(): number {
    return this.parser.bodyLeft + this.#skipLeft;
  }

  feed(chunk: Uint8Array, end: number): void {
    const { parser } = this;
    let at = 0;
    while (!this.isHttp) {
      const event = parser.next(chunk, at, end);
      assert(parser.at >= at && parser.at <= end, `from ${at} to ${parser.at} of ${end}`);
      if (this.#skipLeft > 0) {
        this.#skipLeft = event === parsing.SKIPPED ? 0 : this.#skipLeft - (parser.at - at);
      }
      at = parser.at;
      if (event === parsing.NEED_MORE) {
        assert(at === end, "it asks for more with bytes left");
        return;
      }
      this.lastEvent = event;
      if (event === parsing.BODY_PART) this.#body(chunk);
      else this.#mix(event);
      if (event === parsing.COMMAND) this.#command();
      if (event === parsing.BAD_FORMAT) this.#refusedPut();
      if (event === parsing.HTTP_REQUEST || event === parsing.TLS_GREETING) this.isHttp = true;
    }
  }

  #mix(value: number): void {
    this.fingerprint = (Math.imul(this.fingerprint ^ value, 0x01000193) ^ Math.floor(value / 2 ** 32)) >>> 0;
  }

  #body(chunk: Uint8Array): void {
    const { parser } = this;
    for (let i = parser.partFrom; i < parser.partTo; i++) this.#mix(chunk[i]);
    if (parser.bodyLeft === 0) this.#mix(parser.hasTrailer ? 1001 : 1002);
  }

  #command(): void {
    this.commandCount++;
    const { command } = this.parser;
    this.#mix(command.code);
    for (const field of FIELDS[command.code] ?? []) {
      const value = command[field];
      // An id beyond 2^53 may be rounded: no job has one.
      const isFine = field === "id"
        ? value === Infinity || Number.isInteger(value)
        : Number.isInteger(value) && value <= MAX_U32;
      assert(isFine && value >= 0, `${field} ${value}`);
      this.#mix(value === Infinity ? -1 : value);
    }
    if (WITH_NAME.has(command.code)) this.#name();
    if (command.code === commands.PUT) this.#put();
    if (command.code >= commands.TRUNCATE) this.#extension();
  }

  #name(): void {
    const { source, nameFrom, nameTo, isNameValid, code } = this.parser.command;
    assert(isNameValid || code === commands.PAUSE_TUBE, "only pause-tube is told apart by its caller");
    const name = String.fromCharCode(...source.subarray(nameFrom, nameTo));
    if (code >= commands.TRUNCATE && name === "-") return this.#mix(1005);
    assert(isNameValid === /^[A-Za-z0-9+/;.$_()][-A-Za-z0-9+/;.$_()]{0,199}$/.test(name), name);
    for (let i = nameFrom; i < nameTo; i++) this.#mix(source[i]);
  }

  #extension(): void {
    const { code, states, state, bound, cursor, setting, source, nameFrom, nameTo } = this.parser.command;
    assert(!this.#isStrict, "a strict parser knows no words of our own");
    if (code === commands.TRUNCATE) assert(states > 0 && (states & ~STATES_ALL) === 0, `states ${states}`);
    if (code === commands.LIST_JOBS) {
      assert(state >= 1 && state <= 4 && bound >= 1 && bound <= 1000, `state ${state}, limit ${bound}`);
      this.#mix(cursor === null ? 1006 : cursor.holder ^ Math.floor(cursor.key) ^ cursor.id);
    }
    if (code === commands.DRAIN) this.#mix(setting === null ? 1007 : setting ? 1008 : 1009);
    if (code === commands.AUTH) {
      assert(nameTo > nameFrom, "a token");
      for (let i = nameFrom; i < nameTo; i++) this.#mix(source[i]);
    }
  }

  #refusedPut(): void {
    const { refusedBodyBytes } = this.parser;
    const isFine = Number.isInteger(refusedBodyBytes) && refusedBodyBytes >= -1 &&
      refusedBodyBytes <= MAX_U32;
    assert(isFine && (!this.#isStrict || refusedBodyBytes === -1), `a body of ${refusedBodyBytes}`);
    this.#mix(refusedBodyBytes);
    if (refusedBodyBytes < 0 || refusedBodyBytes > SKIPPED_BYTES) return;
    this.#skipLeft = refusedBodyBytes + 2;
    this.parser.skip(this.#skipLeft);
  }

  #put(): void {
    const { bodyBytes, hasTrailingText } = this.parser.command;
    this.#mix(hasTrailingText ? 1003 : 1004);
    if (bodyBytes <= TAKEN_BYTES) this.parser.receiveBody(bodyBytes + 2);
    else if (bodyBytes <= SKIPPED_BYTES) {
      this.#skipLeft = bodyBytes + 2;
      this.parser.skip(this.#skipLeft);
    }
  }
}
