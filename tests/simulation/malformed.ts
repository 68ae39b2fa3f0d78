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
  "put 4294967296 0 1 0",
  "put -1 0 1 0",
  "put 0 0 1 x",
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
      return refused(`put 1 0 60 0${random.pick([" ", " 1", "x"])}`, "BAD_FORMAT");
    case 4:
      return refused("pause-tube -a 1", "BAD_FORMAT");
    default:
      return refused(random.pick(BAD), "BAD_FORMAT", NO_BYTES);
  }
}

/** What a browser would say first. The connection is closed. */
export function drawHttp(random: Random): Command {
  return line("http", random.pick(["GET / HTTP/1.1", "POST /put HTTP/1.0", `PUT /${"a".repeat(400)}`]));
}
