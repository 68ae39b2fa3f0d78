// What is refused over HTTP is counted where it is answered, with the client's address, and once.
import { Buffer } from "node:buffer";
import net from "node:net";
import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Service, withService } from "./service.ts";

/** Sends a request as it is; answers the status. `fetch` sets some headers itself. */
function raw(service: Service, text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = net.connect({ host: "127.0.0.1", port: service.httpPort });
    socket.setEncoding("latin1").on("data", (data: string) => {
      answer += data;
      if (!answer.includes("\r\n")) return;
      resolve(Number(answer.slice(9, 12)));
      socket.destroy();
    });
    socket.on("error", reject).on("close", () => reject(new Error(`closed after ${answer}`)));
    socket.write(Buffer.from(text, "latin1"));
  });
}

interface Told {
  readonly refusals: { readonly reason: string; readonly count: number; readonly lastSecondsAgo: number }[];
}

async function counts(service: Service): Promise<Record<string, number>> {
  const { refusals } = (await service.call("GET", "/v1/server")).json as Told;
  return Object.fromEntries(refusals.map(({ reason, count }) => [reason, count]));
}

describe("what is refused over HTTP", () => {
  it("is counted by its reason, once", async () => {
    await withService(async (service) => {
      assertEquals(await counts(service), {});
      const { call, server } = service;
      assertEquals((await call("POST", "/v1/tubes/a/jobs", { body: "x".repeat(101) })).status, 413);
      assertEquals(await counts(service), { "job-size": 1 });
      server.drain(true);
      assertEquals((await call("POST", "/v1/tubes/a/jobs", { body: "x" })).status, 503);
      server.drain(false);
      assertEquals(await counts(service), { draining: 1, "job-size": 1 });
      const big =
        `POST /v1/tubes/a/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: 200\r\n\r\n`;
      assertEquals(await raw(service, big + "x".repeat(200)), 413);
      assertEquals(await raw(service, "GET /v1/server HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
      const foreign =
        "POST /v1/server/drain HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n";
      assertEquals(await raw(service, foreign), 403);
      const told = await counts(service);
      assertEquals([told["http-origin"], told["draining"]], [2, 1]);
      assert(told["job-size"] + (told["http-bad-request"] ?? 0) === 2, JSON.stringify(told));
      assertEquals((await call("GET", "/v1/tubes/none")).status, 404); // no refusal
      assertEquals(await counts(service), told);
    }, { maxJobBytes: 100 });
  });

  it("counts connections whose descriptor is needed elsewhere, and takes others afterwards", async () => {
    let hasDescriptors = true;
    await withService(async (service) => {
      const { call, http } = service;
      hasDescriptors = false;
      for (let i = 0; i < 3; i++) {
        await assertRejects(() => raw(service, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
      }
      hasDescriptors = true;
      assertEquals((await call("GET", "/healthz")).status, 200);
      assertEquals(await counts(service), { descriptors: 3 });
      assertEquals([http.counts.refused, http.counts.displaced], [3, 0]);
    }, { hasDescriptors: () => hasDescriptors });
  });

  it("shares its counts with what is refused on the wire", async () => {
    await withService(async ({ server, connect }) => {
      const client = await connect();
      assertEquals(await client.ask("put 0 0 60 101\r\n" + "x".repeat(101) + "\r\n"), "JOB_TOO_BIG\r\n");
      assertEquals(server.refusals.count("job-size"), 1);
      client.close();
    }, { maxJobBytes: 100 });
  });
});
