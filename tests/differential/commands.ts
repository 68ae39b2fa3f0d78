// One random command: a valid line most of the time, now and then one that is a little or very wrong, and for put a body.
import type { Random } from "../support/random.ts";
import type { Guess } from "./guess.ts";
import { idPlace } from "./sequence.ts";

/** What the commands of a sequence know about it, guessed without asking a server. */
export interface Scene {
  readonly random: Random;
  readonly maxJobBytes: number;
  /** How often a line is damaged. */
  readonly malformed: number;
  readonly tubes: string[];
  readonly guess: Guess;
  /** The connection that sends. */
  on: number;
}

export interface CommandKind {
  readonly weight: number;
  /** The bytes to send. */
  readonly make: (scene: Scene) => string;
}

const ODD_NUMBERS = [
  "-1",
  "+1",
  "0",
  "00010",
  "4294967295",
  "4294967296",
  "18446744073709551615",
  "18446744073709551616",
];
const ODD_WORDS = [
  ...ODD_NUMBERS,
  "0x1",
  "1.0",
  "1e3",
  "",
  " 7",
  "7 ",
  "\t7",
  "1000foo",
  "9".repeat(40),
  "2147483647",
  "2147483648",
];
const BAD_TUBES = [
  "-a",
  "a b",
  " a",
  "a ",
  "",
  "a,b",
  "é",
  "a\tb",
  "a\nb",
  "L".repeat(201),
  "*",
  "default\0",
  "Default",
];
const BODIES = [
  "\r\n",
  "delete 1\r\n",
  "quit\r\n",
  "put 0 0 100 1\r\nx\r\n",
  "\0",
  "\n",
  "\r",
  "é",
  "stats\r\n",
  "a",
  "bc",
  " ",
];

export const COMMANDS: readonly CommandKind[] = [
  { weight: 20, make: put },
  { weight: 14, make: reserve },
  { weight: 4, make: onJob("reserve-job", ["ready", "delayed", "buried"], "reserved") },
  { weight: 3, make: onJob("delete", ["reserved", "ready", "delayed", "buried"], "gone") },
  { weight: 8, make: release },
  { weight: 8, make: onJob("bury", ["reserved"], "buried", (s) => ` ${pri(s)}`) },
  { weight: 4, make: onJob("touch", ["reserved"], "reserved") },
  { weight: 4, make: kick },
  { weight: 3, make: onJob("kick-job", ["buried", "delayed"], "ready") },
  { weight: 2, make: line((s) => `peek ${anyId(s)}`) },
  { weight: 3, make: line((s) => s.random.pick(["peek-ready", "peek-delayed", "peek-buried"])) },
  { weight: 4, make: onTube("use") },
  { weight: 4, make: onTube("watch") },
  { weight: 3, make: onTube("ignore") },
  { weight: 1, make: watchMany },
  { weight: 1, make: line((s) => `pause-tube ${tube(s)} ${time(s)}`) },
  { weight: 4, make: line((s) => `stats-job ${anyId(s)}`) },
  { weight: 3, make: line((s) => `stats-tube ${tube(s)}`) },
  { weight: 2, make: line(() => "stats") },
  { weight: 2, make: line((s) => s.random.pick(["list-tubes", "list-tube-used", "list-tubes-watched"])) },
  { weight: 0.3, make: line((s) => s.random.pick(["quit", "quit", "quitter", "quit 1"])) },
  { weight: 1, make: line(unknown) },
  { weight: 1, make: line(extension) },
  { weight: 0.4, make: tooLong },
];

function line(text: (scene: Scene) => string): (scene: Scene) => string {
  return (scene) => `${damaged(scene, text(scene))}\r\n`;
}

function damaged(scene: Scene, text: string): string {
  const { random } = scene;
  if (!random.chance(scene.malformed)) return text;
  const at = random.below(text.length + 1);
  const words = text.split(" ");
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at);
    case 2:
      return text.slice(0, at);
    case 3:
      return text + random.pick([" ", "  1", "x", "\n", "\0", "\t"]);
    case 4:
      return text.slice(0, at) + " " + text.slice(at);
    default:
      words[random.below(words.length)] = random.pick(ODD_WORDS);
      return words.join(" ");
  }
}

function put(scene: Scene): string {
  const { random } = scene;
  const body = random.chance(0.8) ? bodyOf(scene).slice(0, scene.maxJobBytes) : bodyOf(scene);
  const size = random.chance(0.04) ? Math.max(0, body.length + random.below(7) - 3) : body.length;
  const ttr = random.pick(["100", "120", "4294967295", String(100 + random.below(1000000))]);
  const delay = time(scene);
  const text = damaged(scene, `put ${pri(scene)} ${delay} ${ttr} ${size}`);
  const end = random.chance(0.03) ? random.pick(["\n\r", "xx", "\n", "x\r\n", "", " \r\n"]) : "\r\n";
  if (size <= scene.maxJobBytes) scene.guess.put(scene.on, delay !== "0");
  return `${text}\r\n${body}${end}`;
}

function bodyOf({ random, maxJobBytes }: Scene): string {
  const kind = random.below(20);
  if (kind === 0) return "x".repeat(Math.max(0, maxJobBytes + random.below(5) - 2));
  if (kind === 1) return "y\r\n".repeat(random.below(300));
  if (kind === 2) return "z".repeat(random.below(500));
  if (kind === 3) {
    return Array.from({ length: random.below(60) }, () => String.fromCharCode(random.below(256))).join("");
  }
  let body = "";
  while (random.chance(0.6)) body += random.pick(BODIES);
  return body;
}

function pri({ random }: Scene): string {
  return random.chance(0.5)
    ? String(random.below(4))
    : random.pick(["1023", "1024", "1025", "4294967295", "1000"]);
}

/** No delay, or seconds that do not run out and are far from each other, so that the order of deadlines does not depend on how fast the commands came. */
function time({ random }: Scene): string {
  return random.chance(0.65) ? "0" : String(1000 * (1 + random.below(4000000)));
}

function tube({ random, malformed, tubes }: Scene): string {
  return random.chance(malformed) ? random.pick(BAD_TUBES) : random.pick(tubes);
}

function reserve(scene: Scene): string {
  const { random, guess, on } = scene;
  const wait = random.chance(guess.hasReadyFor(on) ? 0.4 : 0.15);
  guess.reserve(on, wait);
  const forms = wait
    ? ["reserve", `reserve-with-timeout ${1000 + random.below(2000000000)}`]
    : ["reserve-with-timeout 0"];
  return line(() => random.pick(forms))(scene);
}

function release(scene: Scene): string {
  const delay = time(scene);
  return onJob("release", ["reserved"], delay === "0" ? "ready" : "delayed", () => ` ${pri(scene)} ${delay}`)(
    scene,
  );
}

function kick(scene: Scene): string {
  const bound = scene.random.pick(["0", "1", "2", "3", "100", "100", "-1", "+2", "\t1", "2 x", ...ODD_WORDS]);
  if (bound === "100") scene.guess.kick(scene.on);
  return line(() => `kick ${bound}`)(scene);
}

type State = Parameters<Guess["inState"]>[number];

/** A command on one job, mostly one in a state that suits it; a reserved one is mostly held by this connection. */
function onJob(
  word: string,
  suits: State[],
  becomes: State | "gone",
  rest: (scene: Scene) => string = () => "",
): (scene: Scene) => string {
  return (scene) => {
    const { random, guess, on } = scene;
    const held = suits.includes("reserved") ? guess.heldBy(on) : [];
    // Without a job in hand there is little to release: get one first.
    if (suits.length === 1 && suits[0] === "reserved" && held.length === 0 && random.chance(0.7)) {
      return reserve(scene);
    }
    const fitting = held.length > 0 && random.chance(0.8) ? held : guess.inState(...suits);
    if (fitting.length === 0 || random.chance(0.15)) {
      return line((s) => `${word} ${anyId(s)}${rest(s)}`)(scene);
    }
    const id = random.pick(fitting);
    if (!guess.inState("reserved").includes(id) || guess.heldBy(on).includes(id)) guess.move(id, becomes, on);
    return line((s) => `${word} ${idPlace(id)}${rest(s)}`)(scene);
  };
}

function onTube(word: "use" | "watch" | "ignore"): (scene: Scene) => string {
  return (scene) => {
    const name = tube(scene);
    scene.guess[word](scene.on, name);
    return line(() => `${word} ${name}`)(scene);
  };
}

/** Several watched and some ignored again: the order of the list depends on both. */
function watchMany(scene: Scene): string {
  const many = Array.from({ length: 3 + scene.random.below(4) }, () => onTube("watch")(scene));
  const fewer = Array.from({ length: 1 + scene.random.below(2) }, () => onTube("ignore")(scene));
  return [...many, ...fewer, "list-tubes-watched\r\n", "list-tubes\r\n"].join("");
}

function anyId({ random, malformed, guess }: Scene): string {
  if (random.chance(malformed)) return random.pick(ODD_WORDS);
  return idPlace(random.chance(0.9) ? random.below(guess.puts + 1) : guess.puts + random.below(3));
}

/** Words that only Runnerbean has: a strict one answers them, and what is damaged of them, as the reference does. */
function extension(scene: Scene): string {
  const { random } = scene;
  return random.pick([
    `truncate ${tube(scene)}`,
    `truncate ${tube(scene)} ready buried`,
    `delete-tube ${tube(scene)}`,
    `list-jobs ${tube(scene)} ready ${random.pick(ODD_WORDS)}`,
    `list-jobs ${tube(scene)} delayed 10 0:1:2`,
    "capabilities",
    "ping",
    `drain ${random.pick(["on", "off", "status"])}`,
    "auth token",
  ]);
}

function unknown({ random }: Scene): string {
  const words = [
    "",
    " ",
    "foo",
    "PUT 0 0 100 1",
    "Stats",
    " stats",
    "put",
    "delete",
    "use",
    "peek",
    "reserve-job",
    "stats-job",
    "touch",
    "reserves",
    "statsx",
    "list-tubesx",
    "peek-readyx",
    "pause-tubea 0",
    "kick",
    "bury",
    "\0",
    "put 0 0 100",
    "\n",
    "list-tube",
  ];
  return random.pick(words);
}

function tooLong({ random }: Scene): string {
  const length = random.pick([222, 223, 224, 225, 226, 300, 446, 447, 448, 450, 1000, 3000]);
  const start = random.pick(["", "use ", "put 0 0 100 ", "watch "]);
  return `${(start + "l".repeat(length)).slice(0, length)}\r\n`;
}
