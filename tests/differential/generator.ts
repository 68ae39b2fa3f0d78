// Random sequences: several connections, groups of commands sent at once, cut into writes at any byte, halves of a line or a
// body that are completed only after other connections had their turn, half-closes and closes.
//
// Each sequence draws its own weights, many of them zero, so that runs of one kind (all waiting, all upload, all malformed)
// come up too. What must not be compared is not avoided here but left out by the situation.
import type { Random } from "../support/random.ts";
import { COMMANDS, type Scene } from "./commands.ts";
import { Guess } from "./guess.ts";
import type { Sequence, Step } from "./sequence.ts";

export interface GeneratorOptions {
  maxJobBytes: number;
}

interface Mood {
  readonly weights: readonly number[];
  readonly group: number;
  readonly cut: number;
  readonly holdBack: number;
  readonly halfClose: number;
  readonly close: number;
}

export function generate(random: Random, { maxJobBytes }: GeneratorOptions): Sequence {
  const connections = 2 + random.below(5);
  const scene: Scene = {
    random,
    maxJobBytes,
    malformed: random.pick([0, 0, 0.03, 0.1, 0.3]),
    guess: new Guess(),
    on: 0,
    tubes: drawTubes(random),
  };
  const mood = drawMood(random);
  const heldBack = new Map<number, string>();
  const steps: Step[] = random.chance(0.3) ? herd(scene, connections) : [];
  // A connection that was closed is replaced by one with a new number.
  const numbers = Array.from({ length: connections }, (_, i) => i);
  scene.on = random.below(connections);
  if (random.chance(0.5)) steps.push({ on: scene.on, writes: stock(scene) });
  for (let commands = 5 + random.below(26); commands > 0; commands--) {
    let place = random.below(connections);
    // What is sent behind a wait holds up the others: seldom.
    if (scene.guess.waits(numbers[place]) && random.chance(0.8)) place = random.below(connections);
    scene.on = numbers[place];
    const group = random.chance(mood.group) ? 2 + random.below(6) : 1;
    let bytes = heldBack.get(scene.on) ?? "";
    heldBack.delete(scene.on);
    for (let i = 0; i < group; i++) {
      if (i > 0) commands--;
      if (scene.guess.waits(scene.on) && random.chance(0.8)) break;
      bytes += COMMANDS[random.weighted(mood.weights)].make(scene);
    }
    if (random.chance(mood.holdBack)) {
      const kept = random.below(bytes.length + 1);
      heldBack.set(scene.on, bytes.slice(kept));
      bytes = bytes.slice(0, kept);
    }
    const then = random.chance(mood.halfClose)
      ? "halfClose"
      : random.chance(mood.close)
      ? "close"
      : undefined;
    const writes = cutInto(random, bytes, mood.cut);
    // A close is told from what came before by a step of its own: replies on their way would be lost by chance.
    if (then === "close") steps.push({ on: scene.on, writes }, { on: scene.on, writes: [], then });
    else steps.push({ on: scene.on, writes, then });
    if (!then && !/(^|\n)quit/.test(bytes)) continue;
    scene.guess.ends(scene.on);
    numbers[place] = Math.max(...numbers) + 1;
  }
  return steps;
}

function drawMood(random: Random): Mood {
  const sharp = random.chance(0.5);
  return {
    weights: COMMANDS.map((
      { weight },
    ) => (sharp && random.chance(weight > 10 ? 0.1 : 0.4) ? 0 : weight * (0.3 + random.next()))),
    group: random.pick([0, 0.2, 0.5, 0.9]),
    cut: random.pick([0, 0.2, 0.8]),
    holdBack: random.pick([0, 0.1, 0.3]),
    halfClose: random.pick([0, 0.02, 0.1]),
    close: random.pick([0, 0.02, 0.1]),
  };
}

function drawTubes(random: Random): string[] {
  const others = ["a", "b", "t+/;.$_()-9", "L".repeat(200), "c"].slice(0, random.below(6));
  return ["default", "default", ...others];
}

function cutInto(random: Random, bytes: string, chance: number): string[] {
  if (bytes.length === 0) return [];
  if (!random.chance(chance)) return [bytes];
  const cuts = Array.from({ length: 1 + random.below(3) }, () => random.below(bytes.length)).sort((a, b) =>
    a - b
  );
  return [0, ...cuts].map((from, i) => bytes.slice(from, cuts[i] ?? bytes.length)).filter((piece) =>
    piece !== ""
  );
}

/** A few jobs to begin with. */
function stock(scene: Scene): string[] {
  return Array.from({ length: 2 + scene.random.below(5) }, () => COMMANDS[0].make(scene));
}

/** Two or three connections that wait for the same new tube, the case where the order of waiters shows. */
function herd(scene: Scene, connections: number): Step[] {
  const { random } = scene;
  const size = Math.min(connections - 1, 2 + random.below(2));
  const others = random.chance(0.95) ? "ignore default\r\n" : "";
  const wait = random.chance(0.5) ? "reserve\r\n" : "reserve-with-timeout 5000\r\n";
  scene.tubes.push("herd");
  for (let on = 0; on < size; on++) {
    scene.guess.watch(on, "herd");
    if (others) scene.guess.ignore(on, "default");
    scene.guess.reserve(on, true);
  }
  const steps: Step[] = Array.from(
    { length: size },
    (_, on) => ({ on, writes: [`watch herd\r\n${others}${wait}`] }),
  );
  // The last connection feeds them.
  scene.on = connections - 1;
  scene.guess.use(scene.on, "herd");
  if (random.chance(0.6)) steps.push({ on: scene.on, writes: ["use herd\r\n", ...stock(scene)] });
  return steps;
}
