// Each route, with what it should take and with what it should refuse, and the field that it then names.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import { ROUTES } from "../../src/http/routes.ts";
import type { Service } from "./service.ts";
import { withService } from "./service.ts";

const put = async (service: Service, tube: string, body: string, more = {}): Promise<number> => {
  const { status, json } = await service.call("POST", `/v1/tubes/${tube}/jobs`, { body, ...more });
  assertEquals(status, 201);
  return json.id;
};

describe("routes that look", () => {
  it("tell of the server", () =>
    withService(async (service) => {
      await put(service, "mail", "a");
      const { status, json } = await service.call("GET", "/v1/server");
      assertEquals([status, json.jobs.ready, json.totals.commands.put, json.backend], [
        200,
        1,
        1,
        "runnerbean",
      ]);
      assertEquals([json.isDraining, json.binlog, json.maxJobBytes], [false, null, 65_535]);
    }));

  it("list tubes, filtered and sorted, page by page", () =>
    withService(async (service) => {
      for (const [tube, jobs] of [["a.x", 1], ["a.y", 3], ["b", 2]] as const) {
        for (let i = 0; i < jobs; i++) await put(service, tube, "x");
      }
      const names = async (query: string): Promise<string[]> =>
        (await service.call("GET", `/v1/tubes?${query}`)).json.tubes.map((tube: { name: string }) =>
          tube.name
        );
      assertEquals(await names(""), ["a.x", "a.y", "b", "default"]);
      assertEquals(await names("match=a.*"), ["a.x", "a.y"]);
      assertEquals(await names("sort=ready&desc=1"), ["a.y", "b", "a.x", "default"]);
      assertEquals(await names("filter=problems"), ["a.x", "a.y", "b"]);
      const first = (await service.call("GET", "/v1/tubes?sort=ready&desc=1&limit=2")).json;
      const second =
        (await service.call("GET", `/v1/tubes?sort=ready&desc=1&limit=2&cursor=${first.next}`)).json;
      assertEquals([first.total, second.total, second.next], [4, 4, null]);
      assertEquals(second.tubes.map((tube: { name: string }) => tube.name), ["a.x", "default"]);
    }));

  it("list jobs by state, in order, page by page", () =>
    withService(async (service) => {
      for (const priority of [3, 1, 2]) await put(service, "t", `p${priority}`, { priority });
      await put(service, "t", "later", { delay: 60 });
      const first = (await service.call("GET", "/v1/tubes/t/jobs?limit=2&body=text")).json;
      assertEquals(first.jobs.map((job: { body: { text: string } }) => job.body.text), ["p1", "p2"]);
      const second = (await service.call("GET", `/v1/tubes/t/jobs?limit=2&cursor=${first.next}`)).json;
      assertEquals([second.jobs.length, second.jobs[0].priority, second.next, second.total], [1, 3, null, 3]);
      const delayed = (await service.call("GET", "/v1/tubes/t/jobs?state=delayed")).json;
      assertEquals([delayed.jobs[0].delay, delayed.jobs[0].body], [60, undefined]);
      assert(delayed.jobs[0].timeLeftSeconds > 50);
    }));

  it("show bodies in each encoding, and only a beginning when that is asked for", () =>
    withService(async (service) => {
      const raw = new Uint8Array([0xff, 0, 0x61]);
      const { json: { id } } = await service.call("POST", "/v1/tubes/t/jobs", raw, {
        headers: { "content-type": "application/octet-stream" },
      });
      const body = async (query: string): Promise<unknown> =>
        (await service.call("GET", `/v1/jobs/${id}?${query}`)).json.body;
      assertEquals(await body("body=hex"), { encoding: "hex", text: "ff0061", isWhole: true });
      assertEquals(await body("body=base64"), { encoding: "base64", text: "/wBh", isWhole: true });
      assertEquals(await body(""), { encoding: "base64", text: "/wBh", isWhole: true });
      assertEquals(await body("body=none"), undefined);
      const other = await put(service, "t", "päron");
      const shown = (await service.call("GET", `/v1/jobs/${other}?preview=2`)).json;
      assertEquals([shown.body, shown.bytes], [{ encoding: "text", text: "p", isWhole: false }, 6]);
      const { json: { id: document } } = await service.call("POST", "/v1/tubes/t/jobs", { json: { a: [1] } });
      const asJson = (await service.call("GET", `/v1/jobs/${document}?body=json`)).json.body;
      assertEquals(asJson, { encoding: "json", text: '{"a":[1]}', isWhole: true });
    }));

  it("show connections and who holds a job", () =>
    withService(async (service) => {
      const client = await service.connect();
      await put(service, "t", "x");
      await client.ask("watch t\r\n");
      assertEquals(await client.ask("reserve\r\n"), "RESERVED 1 1\r\nx\r\n");
      const { heldBy, state } = (await service.call("GET", "/v1/jobs/1")).json;
      const { connections } = (await service.call("GET", "/v1/connections")).json;
      const holder = connections.find((each: { number: number }) => each.number === heldBy);
      assertEquals([state, holder.kind, holder.holds, holder.held], ["reserved", "tcp", [1], 1]);
      assertEquals([holder.watching, holder.isWorker], [["default", "t"], true]);
      assert(/^127\.0\.0\.1:\d+$/.test(holder.peer), holder.peer);
      client.close();
    }));

  it("answer what their schemas say", () =>
    withService(async (service) => {
      await put(service, "t", "x");
      const paths = ["/v1/server", "/v1/tubes", "/v1/tubes/t", "/v1/tubes/t/jobs?body=text", "/v1/jobs/1"];
      for (
        const path of [...paths, "/v1/search?q=x", "/v1/connections", "/v1/audit", "/healthz", "/readyz"]
      ) {
        const [template] = path.split("?");
        const row = ROUTES.find((route) =>
          route.method === "GET" && new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`).test(template)
        );
        const { status, json } = await service.call("GET", path);
        assertEquals([status, v.safeParse(row!.answer!, json).success], [200, true], path);
      }
    }));

  it("end a page early when the bodies on it are large, and go on behind it", () =>
    withService(async (service) => {
      const body = "x".repeat(60_000);
      const ids: number[] = [];
      for (let i = 0; i < 40; i++) ids.push(await put(service, "t", body, { priority: (i * 7) % 40 }));
      for (const path of ["/v1/tubes/t/jobs?limit=1000", "/v1/search?limit=1000"]) {
        const seen: number[] = [];
        const lengths: number[] = [];
        for (let next: string | null = ""; next !== null;) {
          const query = `body=text&preview=65536${next === "" ? "" : `&cursor=${encodeURIComponent(next)}`}`;
          const { json } = await service.call("GET", `${path}&${query}`);
          for (const job of json.jobs) {
            assertEquals(job.body.text.length, body.length);
            seen.push(job.id);
          }
          lengths.push(json.jobs.length);
          next = json.next;
        }
        assertEquals(lengths, [18, 18, 4], path); // a mebibyte of bodies each
        assertEquals(seen.toSorted((a, b) => a - b), ids);
        assertEquals((await service.call("GET", path)).json.jobs.length, 40);
      }
    }));

  it("answer HEAD as GET, without the body but with its length", () =>
    withService(async (service) => {
      for (const path of ["/", "/console/app.js", "/v1/tubes", "/openapi.json", "/nowhere"]) {
        const whole = await fetch(service.url + path);
        const head = await fetch(service.url + path, { method: "HEAD" });
        const length = (await whole.arrayBuffer()).byteLength;
        assertEquals([head.status, head.headers.get("content-type")], [
          whole.status,
          whole.headers.get("content-type"),
        ]);
        assertEquals(Number(head.headers.get("content-length")), length, path);
        assertEquals((await head.arrayBuffer()).byteLength, 0);
      }
      const events = await fetch(`${service.url}/v1/events`, { method: "HEAD" });
      assertEquals(events.headers.get("content-type")?.startsWith("text/event-stream"), true);
    }));

  it("describe all routes in an OpenAPI document", () =>
    withService(async (service) => {
      const { json } = await service.call("GET", "/openapi.json");
      assertEquals(json.openapi, "3.1.0");
      for (const { method, path } of ROUTES) {
        const operation = json.paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
        assert(operation?.summary && operation.responses, `${method} ${path}`);
      }
      const parameters = json.paths["/v1/tubes/{tube}/jobs"].get.parameters;
      const limit = parameters.find((each: { name: string }) => each.name === "limit");
      assertEquals([limit.in, limit.required, limit.schema.default], ["query", false, "50"]);
    }));
});

describe("routes that change", () => {
  it("kick, bury, delete and requeue a job", () =>
    withService(async (service) => {
      const id = await put(service, "t", "old");
      assertEquals((await service.call("POST", `/v1/jobs/${id}/bury`, { priority: 7 })).json.state, "buried");
      assertEquals((await service.call("POST", `/v1/jobs/${id}/kick`)).json.state, "ready");
      assertEquals((await service.call("POST", `/v1/jobs/${id}/kick`)).status, 409);
      const moved = await service.call("PATCH", `/v1/jobs/${id}`, {
        tube: "u",
        body: "new",
        priority: 3,
        ttr: 9,
      });
      assertEquals([moved.status, moved.json.tube, moved.json.priority, moved.json.ttr], [200, "u", 3, 9]);
      assertEquals((await service.call("GET", `/v1/jobs/${id}`)).json.body.text, "new");
      const later = await service.call("PATCH", `/v1/jobs/${id}`, { delay: 100 });
      assertEquals([later.json.state, later.json.priority, later.json.tube], ["delayed", 3, "u"]);
      assertEquals((await service.call("DELETE", `/v1/jobs/${id}`)).status, 204);
      assertEquals((await service.call("DELETE", `/v1/jobs/${id}`)).status, 404);
    }));

  it("leave a job to who holds it", () =>
    withService(async (service) => {
      const id = await put(service, "default", "x");
      const client = await service.connect();
      await client.ask("reserve\r\n");
      for (
        const [method, path, body] of [
          ["DELETE", ""],
          ["POST", "/bury"],
          ["POST", "/kick"],
          ["PATCH", "", { priority: 1 }],
        ] as const
      ) {
        const { status, json } = await service.call(method, `/v1/jobs/${id}${path}`, body);
        assertEquals(status, 409, `${method} ${path} ${JSON.stringify(json)}`);
      }
      assertEquals(await client.ask(`delete ${id}\r\n`), "DELETED\r\n");
      client.close();
    }));

  it("pause, kick, truncate and delete a tube", () =>
    withService(async (service) => {
      for (let i = 0; i < 5; i++) await put(service, "t", "x");
      await put(service, "t", "x", { delay: 100 });
      assertEquals((await service.call("POST", "/v1/tubes/t/pause", { seconds: 60 })).json.pause.seconds, 60);
      assertEquals((await service.call("POST", "/v1/tubes/t/pause", { seconds: 0 })).json.pause, null);
      assertEquals((await service.call("POST", "/v1/tubes/t/kick", { count: 9 })).json, { count: 1 });
      for (const id of [1, 2]) await service.call("POST", `/v1/jobs/${id}/bury`);
      const truncated = await service.call("POST", "/v1/tubes/t/truncate", { states: ["buried"] });
      assertEquals(truncated.json, { count: 2 });
      assertEquals((await service.call("GET", "/v1/tubes/t")).json.ready, 4);
      assertEquals((await service.call("DELETE", "/v1/tubes/t")).status, 204);
      assertEquals((await service.call("GET", "/v1/tubes/t")).status, 404);
      const client = await service.connect();
      await client.ask("use u\r\n");
      assertEquals((await service.call("DELETE", "/v1/tubes/u")).status, 409);
      client.close();
      const { entries } = (await service.call("GET", "/v1/audit?limit=2")).json;
      assertEquals(entries.map((entry: { action: string }) => entry.action), ["delete-tube", "truncate"]);
      assertEquals([entries[1].target, entries[1].count], ["t buried", 2]);
    }));

  it("keep no tube in use that a put went to", () =>
    withService(async (service) => {
      const id = await put(service, "brief", "x");
      await service.call("DELETE", `/v1/jobs/${id}`);
      assertEquals((await service.call("GET", "/v1/tubes/brief")).status, 404);
    }));

  it("drain and go on", () =>
    withService(async (service) => {
      assertEquals((await service.call("POST", "/v1/server/drain", { on: true })).json, { isDraining: true });
      assertEquals((await service.call("POST", "/v1/tubes/t/jobs", { body: "x" })).status, 503);
      assertEquals((await service.call("POST", "/v1/server/drain", { on: false })).json, {
        isDraining: false,
      });
      await put(service, "t", "x");
    }));

  it("search in bodies and attributes, and act on all that match after they were counted", () =>
    withService(async (service) => {
      for (let i = 0; i < 40; i++) await put(service, i % 2 ? "odd" : "even", `order ${i}`, { priority: i });
      const found = async (query: string): Promise<number> =>
        (await service.call("GET", `/v1/search?${query}`)).json.jobs.length;
      assertEquals(await found("q=order 3"), 11);
      assertEquals(await found("q=order&tube=odd"), 20);
      assertEquals(await found("minPriority=10&maxPriority=19"), 10);
      assertEquals(await found("q=nothing"), 0);
      assertEquals(await found("tube=nowhere"), 0);
      const page = (await service.call("GET", "/v1/search?tube=odd&limit=15")).json;
      assertEquals([page.jobs.length, page.isComplete], [15, false]);
      assertEquals(
        (await service.call("GET", `/v1/search?tube=odd&limit=15&cursor=${page.next}`)).json.jobs.length,
        5,
      );

      const match = { tube: "odd", q: "order 1" };
      const counted = await service.call("POST", "/v1/actions", { match, action: "bury" });
      assertEquals(counted.json, { count: 6, failed: 0, isDone: false });
      const refused = await service.call("POST", "/v1/actions", { match, action: "bury", expectedCount: 5 });
      assertEquals([refused.status, refused.json.field, refused.json.count], [409, "expectedCount", 6]);
      const buried = await service.call("POST", "/v1/actions", { match, action: "bury", expectedCount: 6 });
      assertEquals(buried.json, { count: 6, failed: 0, isDone: true });
      assertEquals((await service.call("GET", "/v1/tubes/odd")).json.buried, 6);
      const kick = { match: { state: "buried" }, action: "kick", expectedCount: 6 };
      assertEquals((await service.call("POST", "/v1/actions", kick)).json.count, 6);
      const move = { match: { tube: "odd" }, action: "move", tube: "even", expectedCount: 20 };
      assertEquals((await service.call("POST", "/v1/actions", move)).json.count, 20);
      assertEquals((await service.call("GET", "/v1/tubes/even")).json.ready, 40);
      const all = { match: {}, action: "delete", expectedCount: 40 };
      assertEquals((await service.call("POST", "/v1/actions", all)).json.count, 40);
    }));
});

describe("bad input", () => {
  const refusals: readonly (readonly [string, string, unknown, number, string | undefined])[] = [
    ["GET", "/v1/tubes?limit=0", undefined, 400, "limit"],
    ["GET", "/v1/tubes?limit=1001", undefined, 400, "limit"],
    ["GET", "/v1/tubes?limit=1&limit=2", undefined, 400, "limit"],
    ["GET", "/v1/tubes?sort=size", undefined, 400, "sort"],
    ["GET", "/v1/tubes?filter=some", undefined, 400, "filter"],
    ["GET", "/v1/tubes?cursor=zzz", undefined, 400, "cursor"],
    ["GET", "/v1/tubes?unknown=1", undefined, 400, "unknown"],
    ["GET", "/v1/tubes/-bad", undefined, 400, "tube"],
    ["GET", `/v1/tubes/${"x".repeat(201)}`, undefined, 400, "tube"],
    ["GET", "/v1/tubes/none", undefined, 404, undefined],
    ["GET", "/v1/tubes/none/jobs", undefined, 404, undefined],
    ["GET", "/v1/tubes/default/jobs?state=lost", undefined, 400, "state"],
    ["GET", "/v1/tubes/default/jobs?cursor=x", undefined, 400, "cursor"],
    ["GET", "/v1/tubes/default/jobs?body=xml", undefined, 400, "body"],
    ["GET", "/v1/jobs/0", undefined, 400, "id"],
    ["GET", "/v1/jobs/12e3", undefined, 400, "id"],
    ["GET", "/v1/jobs/9", undefined, 404, undefined],
    ["GET", "/v1/search?q=", undefined, 400, "q"],
    ["GET", "/v1/search?cursor=-1", undefined, 400, "cursor"],
    ["GET", "/v1/search?minPriority=x", undefined, 400, "minPriority"],
    ["GET", "/v1/connections?cursor=x", undefined, 400, "cursor"],
    ["GET", "/v1/audit?limit=x", undefined, 400, "limit"],
    ["POST", "/v1/tubes/t/jobs", {}, 400, "body"],
    ["POST", "/v1/tubes/t/jobs", { body: "x", hex: "00" }, 400, "hex"],
    ["POST", "/v1/tubes/t/jobs", { hex: "0" }, 400, "hex"],
    ["POST", "/v1/tubes/t/jobs", { base64: "?" }, 400, "base64"],
    ["POST", "/v1/tubes/t/jobs", { body: 5 }, 400, "body"],
    ["POST", "/v1/tubes/t/jobs", { body: "x", priority: -1 }, 400, "priority"],
    ["POST", "/v1/tubes/t/jobs", { body: "x", priority: 2 ** 32 }, 400, "priority"],
    ["POST", "/v1/tubes/t/jobs", { body: "x", ttr: 0 }, 400, "ttr"],
    ["POST", "/v1/tubes/t/jobs", { body: "x", delay: 1.5 }, 400, "delay"],
    ["POST", "/v1/tubes/t/jobs", { body: "x", priorty: 1 }, 400, "priorty"],
    ["POST", "/v1/tubes/t/jobs", { body: "x".repeat(65_536) }, 413, "body"],
    ["POST", "/v1/tubes/t/jobs", "{", 400, "body"],
    ["POST", "/v1/tubes/t/jobs", "[]", 400, "body"],
    ["POST", "/v1/tubes/t/pause", { seconds: -1 }, 400, "seconds"],
    ["POST", "/v1/tubes/t/pause", {}, 400, "seconds"],
    ["POST", "/v1/tubes/t/pause", { seconds: 1 }, 404, undefined],
    ["POST", "/v1/tubes/t/kick", { count: 0 }, 400, "count"],
    ["POST", "/v1/tubes/t/truncate", { states: ["reserved"] }, 400, "states.0"],
    ["POST", "/v1/tubes/t/truncate", {}, 404, undefined],
    ["DELETE", "/v1/tubes/t", undefined, 404, undefined],
    ["DELETE", "/v1/jobs/x", undefined, 400, "id"],
    ["DELETE", "/v1/jobs/1", undefined, 404, undefined],
    ["PATCH", "/v1/jobs/1", {}, 400, "body"],
    ["PATCH", "/v1/jobs/1", { tube: "-" }, 400, "tube"],
    ["PATCH", "/v1/jobs/1", { priority: 1 }, 404, undefined],
    ["PATCH", "/v1/jobs/1", { body: "x".repeat(65_536) }, 413, "body"],
    ["POST", "/v1/jobs/1/kick", undefined, 404, undefined],
    ["POST", "/v1/jobs/1/bury", { priority: "x" }, 400, "priority"],
    ["POST", "/v1/jobs/1/bury", undefined, 404, undefined],
    ["POST", "/v1/reserve", {}, 400, "tubes"],
    ["POST", "/v1/reserve", { tubes: [] }, 400, "tubes"],
    ["POST", "/v1/reserve", { tubes: ["a b"] }, 400, "tubes.0"],
    ["POST", "/v1/reserve", { tubes: ["a"], count: 101 }, 400, "count"],
    ["POST", "/v1/reserve", { tubes: ["a"], timeoutSeconds: 301 }, 400, "timeoutSeconds"],
    ["POST", "/v1/leases/none/delete", undefined, 409, "token"],
    ["POST", "/v1/leases/none/release", { delay: -1 }, 400, "delay"],
    ["POST", "/v1/actions", { match: {}, action: "burn" }, 400, "action"],
    ["POST", "/v1/actions", { match: { tub: "t" }, action: "delete" }, 400, "match.tub"],
    ["POST", "/v1/actions", { match: {}, action: "move" }, 400, "tube"],
    ["POST", "/v1/actions", { match: {}, action: "kick", tube: "t" }, 400, "tube"],
    ["POST", "/v1/server/drain", { on: "yes" }, 400, "on"],
    ["GET", "/v1/wire", undefined, 426, undefined],
    ["GET", "/v1/nothing", undefined, 404, undefined],
    ["DELETE", "/v1/server", undefined, 405, undefined],
  ];

  it("is refused with a problem that names the field", () =>
    withService(async (service) => {
      for (const [method, path, body, status, field] of refusals) {
        const answer = await service.call(method, path, body);
        const what = `${method} ${path} ${JSON.stringify(body)}`.slice(0, 200);
        assertEquals([answer.status, answer.json.field], [status, field], what);
        assertEquals(answer.headers.get("content-type"), "application/problem+json", what);
        assertEquals([answer.json.status, typeof answer.json.detail], [status, "string"], what);
      }
      assertEquals((await service.call("GET", "/v1/server")).json.jobs.ready, 0);
    }));

  it("covers each route that can be called wrongly", () => {
    const untried = ROUTES.filter(({ method, path, params, query, body }) => {
      if (params === undefined && query === undefined && body === undefined) return false;
      const form = new RegExp(`^${path.replaceAll(/:\w+/g, "[^/?]+")}(?:\\?|$)`);
      return !refusals.some((refusal) => refusal[0] === method && form.test(refusal[1]));
    });
    // The acts of a lease are alike.
    assertEquals(untried.map(({ path }) => path), ["/v1/leases/:token/bury", "/v1/leases/:token/touch"]);
  });
});
