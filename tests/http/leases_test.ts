// Workers over HTTP: a lease outlives its connection, ends with its ttr, and is one worker's only.
import { describe, it } from "node:test";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import http from "node:http";
import { sleep } from "../support/runtime.ts";
import type { Json, Service } from "./service.ts";
import { until, withService } from "./service.ts";

const LIMIT = { timeout: 240_000 };

async function put(service: Service, tube: string, body: string, more = {}): Promise<number> {
  return (await service.call("POST", `/v1/tubes/${tube}/jobs`, { body, ...more })).json.id;
}

async function reserve(service: Service, tubes: string[], more = {}): Promise<Json[]> {
  const { status, json } = await service.call("POST", "/v1/reserve", { tubes, ...more });
  assertEquals(status, 200, JSON.stringify(json));
  return json.jobs;
}

const act = async (service: Service, token: string, verb: string, body?: unknown): Promise<number> =>
  (await service.call("POST", `/v1/leases/${token}/${verb}`, body)).status;

describe("leases", () => {
  it(
    "are taken, touched, released, buried and deleted by token",
    LIMIT,
    () =>
      withService(async (service) => {
        const id = await put(service, "t", "work", { priority: 5, ttr: 30 });
        const [first] = await reserve(service, ["t"]);
        assertEquals([first.id, first.tube, first.priority, first.ttr, first.body.text], [
          id,
          "t",
          5,
          30,
          "work",
        ]);
        assert(first.token.length >= 22, "128 bits");
        const touched = await service.call("POST", `/v1/leases/${first.token}/touch`);
        assert(touched.json.expiresAt >= first.expiresAt);
        assertEquals(await act(service, first.token, "release", { delay: 0, priority: 9 }), 204);
        const [second] = await reserve(service, ["t"]);
        assertEquals([second.id, second.priority], [id, 9]);
        assertNotEquals(second.token, first.token);
        assertEquals(await act(service, first.token, "delete"), 409);
        assertEquals(await act(service, second.token, "bury"), 204);
        assertEquals((await service.call("GET", `/v1/jobs/${id}`)).json.state, "buried");
        await service.call("POST", `/v1/jobs/${id}/kick`);
        const [third] = await reserve(service, ["t"]);
        assertEquals(await act(service, third.token, "delete"), 204);
        assertEquals((await service.call("GET", `/v1/jobs/${id}`)).status, 404);
      }),
  );

  it(
    "come several at a time and from several tubes, the best job first",
    LIMIT,
    () =>
      withService(async (service) => {
        await put(service, "a", "2", { priority: 2 });
        await put(service, "b", "1", { priority: 1 });
        await put(service, "a", "3", { priority: 3 });
        await put(service, "c", "0", { priority: 0 });
        const jobs = await reserve(service, ["a", "b"], { count: 10 });
        assertEquals(jobs.map((job) => job.body.text), ["1", "2", "3"]);
        assertEquals(await reserve(service, ["a", "b"]), []);
        for (const { token } of jobs) assertEquals(await act(service, token, "delete"), 204);
      }),
  );

  it(
    "are granted to who waits, and nobody waits longer than asked",
    LIMIT,
    () =>
      withService(async (service) => {
        const waiting = reserve(service, ["t"], { timeoutSeconds: 30 });
        await until(() => service.server.engine.counters.waiting === 1, "somebody waits");
        const id = await put(service, "t", "x");
        assertEquals((await waiting)[0].id, id);
        assertEquals(await reserve(service, ["t"], { timeoutSeconds: 1 }), []);
      }),
  );

  it(
    "end with the ttr: the job is ready again, and the old token is refused though the same job is leased anew",
    LIMIT,
    () =>
      withService(async (service) => {
        const id = await put(service, "t", "x", { ttr: 1 });
        const [first] = await reserve(service, ["t"]);
        const [second] = await reserve(service, ["t"], { timeoutSeconds: 10 });
        assertEquals([first.id, second.id], [id, id]);
        for (const verb of ["touch", "release", "bury", "delete"]) {
          assertEquals(await act(service, first.token, verb), 409);
        }
        const job = (await service.call("GET", `/v1/jobs/${id}`)).json;
        assertEquals([job.state, job.counts.timeouts, job.counts.reserves], ["reserved", 1, 2]);
        assertEquals(await act(service, second.token, "delete"), 204);
      }),
  );

  it("leave no session behind when they end, in whatever way", LIMIT, () =>
    withService(async (service) => {
      const { counters } = service.server.engine;
      const before = counters.sessions;
      for (let i = 0; i < 3; i++) await put(service, "t", "x", { ttr: 1 });
      const jobs = await reserve(service, ["t"], { count: 3 });
      assertEquals(counters.sessions, before + 1);
      await act(service, jobs[0].token, "delete");
      assertEquals(await reserve(service, ["u"]), []);
      assertEquals(counters.sessions, before + 1);
      await until(() => counters.sessions === before, "the session of jobs that ran out is closed");
      assertEquals(counters.ready, 2);
    }));

  it("act once when the same act comes twice at the same time", LIMIT, () =>
    withService(async (service) => {
      await put(service, "t", "x");
      const [{ token }] = await reserve(service, ["t"]);
      const statuses = await Promise.all([1, 2, 3].map(() => act(service, token, "delete")));
      assertEquals(statuses.sort(), [204, 409, 409]);
    }));

  it("go to nobody who went away while waiting", LIMIT, () =>
    withService(async (service) => {
      const { counters } = service.server.engine;
      const before = counters.sessions;
      for (let round = 0; round < 3; round++) {
        const request = http.request(`${service.url}/v1/reserve`, {
          method: "POST",
          headers: { "content-type": "application/json" },
        });
        request.on("error", () => {});
        request.end(JSON.stringify({ tubes: ["t"], timeoutSeconds: 60 }));
        await until(() => counters.waiting === 1, "it waits");
        request.destroy();
        await until(() => counters.waiting === 0 && counters.sessions === before, "its wait has ended");
      }
      const id = await put(service, "t", "x");
      await sleep(20);
      assertEquals((await service.call("GET", `/v1/jobs/${id}`)).json.state, "ready");
    }));

  it(
    "feed two workers that share the jobs without loss or doubles",
    LIMIT,
    () =>
      withService(async (service) => {
        const expected = new Set<number>();
        for (let i = 0; i < 60; i++) expected.add(await put(service, "t", String(i)));
        const done: number[] = [];
        const work = async (): Promise<void> => {
          for (;;) {
            const jobs = await reserve(service, ["t"], { count: 4, timeoutSeconds: 0 });
            if (jobs.length === 0) return;
            for (const { token, id } of jobs) {
              assertEquals(await act(service, token, "delete"), 204);
              done.push(id);
            }
          }
        };
        await Promise.all([work(), work()]);
        assertEquals([done.length, new Set(done)], [60, expected]);
      }),
  );
});
