// The parts of the HTTP server that read bytes: the same result however the bytes are cut, and no exception whatever they are.
import { describe, it } from "node:test";
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { decoderFor } from "../../src/http/http1/body_decoder.ts";
import { Input } from "../../src/http/http1/input.ts";
import { MAX_HEADERS } from "../../src/http/http1/limits.ts";
import { readHead } from "../../src/http/http1/request_head.ts";
import { FrameReader } from "../../src/http/websocket/frame_reader.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { framesAtRandom } from "./fuzz/frames.ts";
import { Scripts } from "./fuzz/scripts.ts";

const ROUNDS = 2000;

/** The bytes in pieces, each in a buffer that is overwritten afterwards. */
function inPieces(random: Random, bytes: Uint8Array, take: (piece: Buffer) => void): void {
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(bytes.length - at, 1 + random.below(random.chance(0.5) ? 3 : 60));
    const piece = Buffer.from(bytes.subarray(at, at + length));
    take(piece);
    piece.fill(0xaa);
    at += length;
  }
}

function bytesOf(random: Random): Buffer {
  const { steps } = new Scripts(random, "").next();
  return Buffer.concat(steps.map((step) => step.kind === "send" ? step.bytes : new Uint8Array(0)));
}

describe("the HTTP server reads", () => {
  const seed = freshSeed("HTTP parts");

  it("heads, without failing, into targets that are URLs", () => {
    const random = new Random(seed);
    let heads = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = bytesOf(random);
      const [whole, cut] = [new Input(), new Input()];
      whole.append(bytes);
      let found: string | null = null;
      inPieces(random, bytes, (piece) => {
        cut.append(piece);
        found ??= cut.takeHead();
      });
      assertEquals(found, whole.takeHead());
      const head = readHead(found ?? bytes.toString("latin1"), MAX_HEADERS);
      if (head.kind === "fault") assert(head.status >= 400 && head.detail !== "");
      else {
        heads++;
        assertEquals(new URL(`http://localhost${head.target}`).origin, "http://localhost");
        new Headers(head.headers as [string, string][]);
      }
    }
    assert(heads > ROUNDS / 10, `${heads} were heads`);
  });

  it("chunks, the same however they are cut", () => {
    const random = new Random(seed);
    const endings = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      let text = "";
      for (let count = random.below(5); count > 0; count--) {
        const body = "x".repeat(1 + random.below(40));
        const size = random.chance(0.05)
          ? random.pick(["", "g", "fffffffff", "1 2"])
          : body.length.toString(16);
        text += `${size}${random.chance(0.2) ? " ;a=b" : ""}\r\n${body}${
          random.chance(0.05) ? "\n" : "\r\n"
        }`;
      }
      text += random.pick([
        "0\r\n\r\n",
        "0\r\n\r\n",
        "0\r\na: b\r\nmore: c\r\n\r\n",
        "0\r\nmore\r\n\r\n",
        "",
        "0\r\n\r",
      ]);
      const bytes = Buffer.from(text, "latin1");
      const read = (feed: (take: (piece: Buffer) => void) => void): string => {
        const [input, decoder, target] = [new Input(), decoderFor({ kind: "chunked" }), new Uint8Array(4096)];
        let at = 0;
        let last: unknown = "more";
        feed((piece) => {
          input.append(piece);
          do {
            last = decoder.read(input, target, at);
            if (typeof last === "number") at += last;
          } while (typeof last === "number");
        });
        return `${last} ${at}`;
      };
      const whole = read((take) => take(bytes));
      assertEquals(read((take) => inPieces(random, bytes, take)), whole, JSON.stringify(text));
      endings.set(whole.split(" ")[0], (endings.get(whole.split(" ")[0]) ?? 0) + 1);
    }
    assertEquals([...endings.keys()].sort(), ["end", "fault", "more"]);
  });

  it("frames, the same however they are cut", () => {
    const random = new Random(seed);
    let payload = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = framesAtRandom(random);
      const read = (feed: (take: (piece: Buffer) => void) => void): string => {
        let data = "";
        const events: string[] = [];
        const reader = new FrameReader({
          data: (part) => void (data += Buffer.from(part).toString("latin1")),
          ping: (part) => void events.push(`ping ${part.length}`),
          peerCloses: () => void events.push("close"),
          fault: (code, reason) => void events.push(`${code} ${reason}`),
        }, 1_048_576);
        feed((piece) => reader.read(piece));
        payload += data.length;
        return `${events.join()} ${data}`;
      };
      const whole = read((take) => take(Buffer.from(bytes)));
      const cut = read((take) => inPieces(random, bytes, take));
      // Text that is not UTF-8 is found after what came before it in its piece was passed on, so only the events count.
      if (whole.includes("1007") || cut.includes("1007")) {
        assertEquals(cut.split(" ")[0], whole.split(" ")[0]);
      } else assertEquals(cut, whole);
    }
    assert(payload > 0, "nothing was read");
  });
});
