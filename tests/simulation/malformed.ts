// Lines that the protocol itself refuses, with what it must say. Source: the observed behaviour of the reference.

import type { Command } from "./command.ts";
import { latin1, line, NO_BYTES, refused } from "./command.ts";
import type { Random } from "../support/random.ts";

const UNKNOWN: readonly string[] = [
  "",
  "bogus",
  "put",
  "delete",
  "use",
  "watch",
  "kick",
  "release",
  "touch",
  "bury",
  "peek",
  "Reserve",
  " reserve",
  "kick-job",
  "PUT 0 0 1 4",
  "\u00ff\u00fe",
  "ignore",
  "stat",
  "list-tub",
];

const BAD: readonly string[] = [
  "put ",
  "put a b c d",
  "put 1 2 3",
  "put 0 0 1 x",
  "put -1 0 1 -1",
  "put 0 0 1 4294967296",
  `put 0 0 1 ${"x".repeat(300)}`,
  "delete ",
  "delete x",
  "delete 1 ",
  "delete -1",
  "delete 18446744073709551616",
  "delete 1 2",
  "reserves",
  "reserve ",
  "reserve-job",
  "reserve-with-timeout",
  "reserve-with-timeout -1",
  "reserve-with-timeout 2147483648",
  "use ",
  "use -a",
  "use a b",
  "use a\tb",
  `use ${"x".repeat(201)}`,
  "watch  a",
  "ignore a ",
  "peek ",
  "peek x",
  "peek-readyx",
  "peek-delayed 1",
  "kick ",
  "kick x",
  "kick 18446744073709551616",
  "kick-job x",
  "touch 1.5",
  "bury 1",
  "bury 1 x",
  "release 1 2",
  "release 1 2 3 4",
  "pause-tube",
  "pause-tube a",
  "pause-tube a b",
  "pause-tube a 1 ",
  "stats-job ",
  "stats-job x",
  "stats-tube",
  "statsx",
  "stats\u0000",
  "list-tubesx",
  "list-tube-used ",
  "stats\rx",
  "x".repeat(223),
  "y".repeat(700),
];

/** What stands before the size in a put line that is refused for its form. An empty field leaves two spaces in a row. */
const WRONG_FIELDS: readonly string[] = [
  "4294967296 0 1",
  "-1 0 1",
  "0 1.5 1",
  "0 0 a",
  "null null null",
  "high prio 0 1",
  " 0 1",
  "0  1",
  "0 0 ",
  "0\u0000 0 1",
  "0 0 1\r",
  `${"9".repeat(230)} 0 1`,
  `x 0 ${" ".repeat(300)}1`,
];
/** What stands behind the size when the numbers are in order. */
const BEHIND: readonly string[] = [" ", " 1", "x", ".0", " junk", "\u0000", "\r"];

/** A put line in the wrong form, with a body of commands that nobody may run. */
function drawRefusedPut(random: Random, maxJobBytes: number): Command {
  const isWrong = random.chance(0.7);
  const drawn = random.pick([0, 1, 9, 30, 300]);
  const size = isWrong ? drawn : Math.min(drawn, maxJobBytes); // beyond it the size would be the reason
  const body = latin1("delete 1\r\nquit\r\n".repeat(40)).subarray(0, size);
  const text = isWrong
    ? `put ${random.pick(WRONG_FIELDS)} ${size}`
    : `put 1 0 60 ${size}${" ".repeat(random.pick([0, 230]))}${random.pick(BEHIND)}`;
  return refused(text, "BAD_FORMAT", body, random.pick(["\r\n", "\r\n", "xx"]));
}

/** A malformed line, or a put that is refused; some of them are counted as commands all the same. */
export function drawMalformed(random: Random, maxJobBytes: number): Command {
  switch (random.below(8)) {
    case 0:
    case 1:
      return refused(random.pick(UNKNOWN), "UNKNOWN_COMMAND");
    case 2: {
      if (maxJobBytes > 300) return refused("put 0 0 60 4294967296", "BAD_FORMAT");
      const body = latin1("delete 1\r\n".repeat(40)).subarray(0, maxJobBytes + 1 + random.below(40));
      return refused(
        `put 0 0 60 ${body.length}${random.pick(["", " ", " junk"])}`,
        "JOB_TOO_BIG",
        body,
        "\r\n",
      );
    }
    case 3:
      return drawRefusedPut(random, maxJobBytes);
    case 4:
      return refused("pause-tube -a 1", "BAD_FORMAT");
    default:
      return refused(random.pick(BAD), "BAD_FORMAT", NO_BYTES);
  }
}

/** What a client of HTTP or TLS would say first. The connection is closed. */
export function drawHttp(random: Random): Command {
  return line("http", random.pick(FOREIGN));
}

const FOREIGN: readonly string[] = [
  "GET / HTTP/1.1",
  "POST /put HTTP/1.0",
  `PUT /${"a".repeat(400)}`,
  "PROPFIND / HTTP/1.1",
  "get / http/1.1",
  `FOO /${"a".repeat(400)} HTTP/2`,
  "put 0 0 60 1 HTTP/1.1",
  "\u0016\u0003\u0001",
];
