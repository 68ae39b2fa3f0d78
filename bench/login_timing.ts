// Does the time of a login tell how much of a token was right? Tokens that agree with a known one in more and more
// characters are tried in random order; the medians should not differ by more than the spread within one kind.
// Run: node bench/login_timing.ts [rounds]
import process from "node:process";
import { sha256 } from "../src/adapters/node/sha256.ts";
import { Access } from "../src/access/access.ts";
import { parseTokens } from "../src/access/token_file.ts";

const KNOWN = "k7Qm2ZxR9tLw4VbN8sYc3HdJ6gFpA5eU";
const rounds = Number(process.argv[2] ?? 40_000);
const others = Array.from({ length: 99 }, (_, i) => `i${i} put=* token=${`${i}`.padStart(32, "0")}`);
const list = parseTokens([...others, `known put=* token=${KNOWN}`].join("\n"), "bench", sha256);
if ("problem" in list) throw new Error(list.problem);
const access = new Access(list.identities, sha256);

const agreeing = (count: number): string => KNOWN.slice(0, count).padEnd(KNOWN.length, "_");
const kinds: Record<string, string> = {
  "no character": agreeing(0),
  "8 characters": agreeing(8),
  "31 characters": agreeing(31),
  "all (right)": KNOWN,
};
const times: Record<string, number[]> = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
const names = Object.keys(kinds);
for (let round = 0; round < rounds; round++) {
  const kind = names[Math.floor(Math.random() * names.length)];
  const began = performance.now();
  access.identify(kinds[kind]);
  times[kind].push((performance.now() - began) * 1000);
}
for (const [kind, all] of Object.entries(times)) {
  const sorted = all.slice(all.length / 4).sort((a, b) => a - b); // without the warm-up
  const at = (part: number): string => sorted[Math.floor(sorted.length * part)].toFixed(2);
  console.log(
    `${kind.padEnd(14)} median ${at(0.5)} µs, quartiles ${at(0.25)} to ${
      at(0.75)
    } µs, ${sorted.length} logins`,
  );
}
