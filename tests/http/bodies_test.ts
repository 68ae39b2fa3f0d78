// What a request carries: limits before reading, slow bodies, deep and wrong JSON, and anything at random.
import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import net from "node:net";
import { bodyTextOf, bytesOfInput } from "../../src/http/job_text.ts";
import { Problem } from "../../src/http/problem.ts";
import { depthOf, MAX_JSON_BYTES, MAX_JSON_DEPTH, readBytes } from "../../src/http/request_body.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { withService } from "./service.ts";

const LIMIT = { timeout: 240_000 };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Sends bytes as they are and answers the first line of what comes back. */
function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(request));
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
      if (text.includes("\r\n\r\n")) {
        socket.destroy();
        resolve(text.split("\r\n")[0]);
      }
    });
    socket.on("error", reject);
    socket.on("end", () => resolve(text.split("\r\n")[0]));
  });
}

describe("bodies of requests", () => {
  it(
    "that are announced too large are refused before they come",
    LIMIT,
    () =>
      withService(async (service) => {
        for (
          const [type, length] of [["application/json", MAX_JSON_BYTES + 1], ["text/plain", 65_536]] as const
        ) {
          const head = `POST /v1/tubes/t/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n` +
            `Content-Length: ${length}\r\n\r\n`;
          assert((await exchange(service.httpPort, head)).startsWith("HTTP/1.1 413"), type);
        }
      }),
  );

  it("that turn out too large are refused", LIMIT, () =>
    withService(async (service) => {
      const head = "POST /v1/tubes/t/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n";
      const chunk = `8000\r\n${"x".repeat(32_768)}\r\n`;
      assert((await exchange(service.httpPort, head + chunk.repeat(3))).startsWith("HTTP/1.1 413"));
      assertEquals(service.server.engine.jobs.count, 0);
    }));

  it("that do not come in time are given up", LIMIT, async () => {
    const slow = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytesOf("a")) });
    const request = new Request("http://x/", { method: "POST", body: slow, duplex: "half" } as RequestInit);
    const problem = await assertRejects(() => readBytes(request, 100, 20), Problem);
    assertEquals((problem as Problem).status, 408);
  });

  it("are taken as they are, whatever the content type", LIMIT, () =>
    withService(async (service) => {
      const random = new Random(1);
      for (const size of [0, 1, 65_535]) {
        const body = new Uint8Array(size).map(() => random.below(256));
        const { json: { id } } = await service.call("POST", "/v1/tubes/t/jobs?priority=3", body, {
          headers: { "content-type": "application/x-anything" },
        });
        const { json } = await service.call("GET", `/v1/jobs/${id}?body=hex`);
        const hex = Array.from(body, (byte) => byte.toString(16).padStart(2, "0")).join("");
        assertEquals([json.bytes, json.priority, json.body.text === hex], [size, 3, true]);
      }
    }));

  it("that are JSON bombs cost nothing", LIMIT, () =>
    withService(async (service) => {
      const deep = `{"json":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
      const { status, json } = await service.call("POST", "/v1/tubes/t/jobs", deep);
      assertEquals([status, json.field], [400, "body"]);
      const good = `{"json":${"[".repeat(MAX_JSON_DEPTH - 1)}${"]".repeat(MAX_JSON_DEPTH - 1)}}`;
      assertEquals((await service.call("POST", "/v1/tubes/t/jobs", good)).status, 201);
      assertEquals(
        (await service.call("POST", "/v1/tubes/t/pause", "{}", { headers: { "content-type": "text/plain" } }))
          .status,
        415,
      );
      const polluting = '{"body":"x","__proto__":{"priority":1}}';
      assertEquals((await service.call("POST", "/v1/tubes/t/jobs", polluting)).status, 400);
    }));

  it(
    "at random, on paths at random, are answered and never with 500",
    LIMIT,
    () =>
      withService(async (service) => {
        const random = new Random(freshSeed("bodies and paths"));
        const scraps = [
          "{",
          "}",
          "[",
          "]",
          '"',
          ":",
          ",",
          "1e999",
          "-0",
          "null",
          "true",
          "\\u0000",
          "body",
          "tubes",
          "t",
          "\u{1f600}",
          "tube",
          "match",
          "x",
          " ",
        ];
        const values = [
          "",
          "-1",
          "t",
          "1",
          "%00",
          "%ff",
          "..",
          "é",
          "a".repeat(300),
          "__proto__",
          "0x1",
          "1.5",
          "%2e%2e%2f",
        ];
        for (let i = 0; i < 400; i++) {
          const { method, path } = random.pick(ROUTES);
          if (path === "/v1/wire") continue;
          const filled = path.replaceAll(/:\w+/g, () => random.pick(values));
          const query = random.chance(0.3)
            ? `?${random.pick(["limit", "cursor", "q", "__proto__", "state"])}=${random.pick(values)}`
            : "";
          const text = Array.from({ length: random.below(12) }, () => random.pick(scraps)).join("");
          const body = method === "GET" ? undefined : text;
          const { status } = await service.call(method, filled + query, body);
          assert(status < 500, `${method} ${filled}${query} ${text}: ${status}`);
        }
        assertEquals((await service.call("GET", "/v1/server")).status, 200);
      }),
  );
});

describe("bodies of jobs", () => {
  it("keep every byte from JSON and back", () => {
    const random = new Random(2);
    for (let i = 0; i < 200; i++) {
      const bytes = new Uint8Array(random.below(40)).map(() => random.below(256));
      for (const encoding of ["hex", "base64"] as const) {
        const { text } = bodyTextOf(bytes, encoding, true);
        assertEquals(bytesOfInput({ [encoding]: text }), bytes);
      }
      const { encoding, text } = bodyTextOf(bytes, "text", true);
      assertEquals(bytesOfInput(encoding === "text" ? { body: text } : { base64: text }), bytes);
    }
  });

  it("that are cut are cut between characters", () => {
    const bytes = bytesOf("aé€😀");
    const texts = Array.from(bytes, (_, length) => bodyTextOf(bytes.subarray(0, length), "text", false).text);
    assertEquals(texts, ["", "a", "a", "aé", "aé", "aé", "aé€", "aé€", "aé€", "aé€"]);
  });
});

describe("depthOf", () => {
  it("counts nesting, not what texts contain", () => {
    for (
      const [json, depth] of [["1", 0], ["[]", 1], ['{"a":[{}]}', 3], ['"[[["', 0], ['["\\"[["]', 1], [
        "[[],[]]",
        2,
      ]] as const
    ) {
      assertEquals(depthOf(bytesOf(json)), depth, json);
    }
  });
});
