// WebSocket frames at random: good commands, broken headers, fragments, control frames, frames that announce much.
import { Buffer } from "node:buffer";
import type { Random } from "../../support/random.ts";

const COMMANDS = [
  "put 0 0 60 1\r\nx\r\n",
  "stats\r\n",
  "watch t\r\n",
  "reserve-with-timeout 0\r\n",
  "list-tubes\r\n",
  "quit\r\n",
  "put 0 0 60 100000\r\n",
  "nonsense\r\n",
  "reserve\r\n",
  "ping\r\n",
  "\xff\xfe",
  "",
];
const OPCODES = [0, 1, 2, 3, 7, 8, 9, 10, 11, 15];

/** A masked frame; `announced` may differ from what is there. */
export function frame(first: number, payload: Uint8Array, announced: number = payload.length): Buffer {
  const wide = announced < 126 ? 0 : announced < 65_536 ? 2 : 8;
  const header = Buffer.alloc(2 + wide + 4);
  header[0] = first;
  header[1] = 128 | (wide === 0 ? announced : wide === 2 ? 126 : 127);
  if (wide === 2) header.writeUInt16BE(announced, 2);
  if (wide === 8) header.writeBigUInt64BE(BigInt(announced), 2);
  return Buffer.concat([header, payload]); // a mask of zeros
}

export function framesAtRandom(random: Random): Buffer {
  const frames: Buffer[] = [];
  for (let count = random.below(8); count > 0; count--) {
    const payload = Buffer.from(random.pick(COMMANDS), "latin1");
    const isGood = random.chance(0.7);
    const first = isGood
      ? random.pick([0x81, 0x82, 0x89, 0x8a, 0x82])
      : random.below(16) << 4 | random.pick(OPCODES);
    const announced = random.chance(0.1)
      ? random.pick([0, 125, 126, 65_536, 1_048_577, 2 ** 40])
      : payload.length;
    const bytes = frame(first, payload, announced);
    if (random.chance(0.05)) bytes[1] &= 127; // not masked
    frames.push(bytes);
  }
  return Buffer.concat(frames);
}
