// Walks over many things: whole, in slices, and over when their client is gone.
import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { BodySearch } from "../../src/http/local/body_search.ts";
import { Pace } from "../../src/http/local/pace.ts";
import { Random } from "../support/random.ts";
import { call, withService } from "./service.ts";
import type { Service } from "./service.ts";

const LIMIT = { timeout: 240_000 };
const NEVER = new AbortController().signal;

/** Jobs put straight into the engine: a request for each would take too long. */
async function fill(service: Service, tubes: number, jobsEach: number): Promise<void> {
  const client = await service.connect();
  for (let tube = 0; tube < tubes; tube++) {
    let text = `use tube-${tube}\r\n`;
    for (let i = 0; i < jobsEach; i++) text += `put ${i} 0 60 3\r\n${String(i).padStart(3, "0")}\r\n`;
    client.send(text);
  }
  client.send("use default\r\nput 0 0 60 1\r\nx\r\npeek-ready\r\n");
  await client.until(() => client.unread.includes("FOUND "), 30_000);
  client.close();
}

async function pages(
  service: Service,
  path: string,
  items: "tubes" | "jobs",
): Promise<{ name?: string; id?: number }[]> {
  const all: { name?: string; id?: number }[] = [];
  let cursor = "";
  do {
    const { status, json } = await call(service.url, "GET", `${path}${cursor}`);
    assertEquals(status, 200);
    all.push(...json[items]);
    cursor = json.next === null ? "" : `&cursor=${encodeURIComponent(json.next)}`;
  } while (cursor !== "");
  return all;
}

describe("lists of many", () => {
  it("come whole, page by page, in each order", LIMIT, () =>
    withService(async (service) => {
      await fill(service, 2500, 1);
      for (const query of ["limit=1000", "limit=700&sort=ready&desc=1", "limit=999&sort=name&desc=1"]) {
        const names = (await pages(service, `/v1/tubes?${query}`, "tubes")).map(({ name }) => name);
        assertEquals([names.length, new Set(names).size], [2501, 2501], query);
      }
      const problems = (await pages(service, "/v1/tubes?limit=1000&filter=problems", "tubes")).length;
      assertEquals(problems, 2500, "ready jobs that nobody watches");
      const found = await pages(service, "/v1/search?q=0&limit=600", "jobs");
      assertEquals(new Set(found.map(({ id }) => id)).size, 2500);
    }));

  it("of jobs come whole and in order", LIMIT, () =>
    withService(async (service) => {
      await fill(service, 3, 700);
      const jobs = await pages(service, "/v1/tubes/tube-1/jobs?limit=99", "jobs");
      assertEquals(jobs.length, 700);
      assert(jobs.every(({ id }, i) => i === 0 || id! > jobs[i - 1].id!));
    }));
});

describe("a walk", () => {
  it("is done in slices, and others have their turn between them", async () => {
    const pace = new Pace((callback) => void setImmediate(callback));
    const order: string[] = [];
    const walk = (name: string): Promise<void> => {
      let left = 3;
      return pace.walk(NEVER, () => {
        order.push(name);
        return Promise.resolve(--left === 0);
      });
    };
    await Promise.all([walk("a"), walk("b")]);
    assertEquals(order, ["a", "b", "a", "b", "a", "b"]);
  });

  it("ends when its client goes", async () => {
    const pace = new Pace((callback) => void setImmediate(callback));
    const gone = new AbortController();
    let slices = 0;
    await assertRejects(() =>
      pace.walk(gone.signal, () => {
        if (++slices === 3) gone.abort();
        return Promise.resolve(false);
      })
    );
    assertEquals(slices, 3);
  });
});

describe("a search in bodies", () => {
  it("finds what is there, wherever the pieces of a body meet", () => {
    const random = new Random(3);
    for (let round = 0; round < 2000; round++) {
      const body = Uint8Array.from({ length: random.below(30) }, () => random.below(3));
      const needle = Uint8Array.from({ length: 1 + random.below(5) }, () => random.below(3));
      const search = new BodySearch(needle);
      search.begin(body.length);
      const stored = Uint8Array.from([...body, 13, 10]);
      for (let at = 0; at < stored.length;) {
        const end = Math.min(stored.length, at + 1 + random.below(12));
        search.copy(stored, at, end);
        at = end;
      }
      const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
      assertEquals(search.isFound, text(body).includes(text(needle)), `${text(body)} ${text(needle)}`);
    }
  });
});
