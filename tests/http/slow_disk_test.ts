// What the API answers while the disk is slow: the truth about what has happened, and not before the disk has it.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import http from "node:http";
import { ManualJournal } from "../support/manual_journal.ts";
import { sleep } from "../support/runtime.ts";
import type { Answer, Service } from "./service.ts";
import { until, withService } from "./service.ts";

const LIMIT = { timeout: 240_000 };
/** Longer than it takes for sessions without jobs to be looked for twice. */
const TWO_SWEEPS_MS = 2300;

/** A service whose journal is quick until the test sets `isManual`. */
function withJournal(run: (service: Service, journal: ManualJournal) => Promise<void>): Promise<void> {
  const journal = new ManualJournal();
  journal.isManual = false;
  return withService((service) => run(service, journal), { journal: () => journal });
}

async function put(service: Service, body: string, more = {}): Promise<number> {
  return (await service.call("POST", "/v1/tubes/t/jobs", { body, ...more })).json.id;
}

async function lease(service: Service, count = 1): Promise<string[]> {
  const { json } = await service.call("POST", "/v1/reserve", { tubes: ["t"], count });
  return json.jobs.map(({ token }: { token: string }) => token);
}

/** Answers as they come. */
class Asked {
  readonly statuses: string[] = [];
  readonly answers: Promise<Answer>[] = [];

  ask(name: string, asked: Promise<Answer>): void {
    this.answers.push(asked);
    asked.then(({ status }) => this.statuses.push(`${name} ${status}`));
  }

  async all(): Promise<string[]> {
    await Promise.all(this.answers);
    return this.statuses.toSorted();
  }
}

/** Lets what is asked for be recorded, and looks that none of it is answered before it is durable. */
async function recorded(journal: ManualJournal, count: number, asked: Asked): Promise<void> {
  await until(() => journal.records.length >= count, `${count} records`);
  await sleep(30);
  assertEquals(asked.statuses, [], "answered before it is durable");
}

describe("the API on a slow disk", () => {
  it(
    "answers acts of a lease as they were, though its session holds nothing more meanwhile",
    LIMIT,
    () =>
      withJournal(async (service, journal) => {
        for (const body of ["1", "2", "3"]) await put(service, body);
        const tokens = [...await lease(service), ...await lease(service), ...await lease(service)];
        journal.isManual = true;
        const asked = new Asked();
        const { length } = journal.records;
        ["delete", "release", "bury"].forEach((verb, i) => {
          asked.ask(verb, service.call("POST", `/v1/leases/${tokens[i]}/${verb}`));
        });
        await recorded(journal, length + 3, asked);
        await sleep(TWO_SWEEPS_MS);
        asked.ask("again", service.call("POST", `/v1/leases/${tokens[0]}/delete`));
        await sleep(30);
        assertEquals(asked.statuses, [], "answered before it is durable");
        journal.reach(journal.ticket);
        assertEquals(await asked.all(), ["again 409", "bury 204", "delete 204", "release 204"]);
      }),
  );

  it(
    "answers acts of leases that share a session, one of which ran out meanwhile",
    LIMIT,
    () =>
      withJournal(async (service, journal) => {
        await put(service, "1");
        await put(service, "2", { ttr: 2 });
        await put(service, "3");
        const tokens = await lease(service, 3);
        journal.isManual = true;
        const asked = new Asked();
        const { length } = journal.records;
        asked.ask("delete", service.call("POST", `/v1/leases/${tokens[0]}/delete`));
        await until(() => journal.records.length > length, "the delete is recorded");
        asked.ask("touch", service.call("POST", `/v1/leases/${tokens[1]}/touch`));
        asked.ask("bury", service.call("POST", `/v1/leases/${tokens[2]}/bury`));
        await recorded(journal, length + 2, asked);
        const { counters } = service.server.engine;
        await until(() => counters.reserved === 0, "the touched job runs out");
        await sleep(TWO_SWEEPS_MS);
        journal.reach(journal.ticket);
        assertEquals(await asked.all(), ["bury 204", "delete 204", "touch 200"]);
      }),
  );

  it(
    "gives a job back at once when who reserved it goes away before the disk has its put",
    LIMIT,
    () =>
      withJournal(async (service, journal) => {
        const { counters } = service.server.engine;
        const before = counters.sessions;
        journal.isManual = true;
        const asked = new Asked();
        asked.ask("put", service.call("POST", "/v1/tubes/t/jobs", { body: "1" }));
        await recorded(journal, 1, asked);
        const request = http.request(`${service.url}/v1/reserve`, {
          method: "POST",
          headers: { "content-type": "application/json" },
        });
        request.on("error", () => {});
        request.end(JSON.stringify({ tubes: ["t"], timeoutSeconds: 60 }));
        await until(() => counters.reserved === 1, "it is reserved");
        request.destroy();
        await until(() => counters.reserved === 0 && counters.sessions === before, "it is given back");
        assertEquals(counters.ready, 1);
        journal.reach(journal.ticket);
        assertEquals(await asked.all(), ["put 201"]);
      }),
  );

  it(
    "says that a job or a tube is not there when that is durable, and not before",
    LIMIT,
    () =>
      withJournal(async (service, journal) => {
        const id = await put(service, "1");
        journal.isManual = true;
        const client = await service.connect();
        client.send(`delete ${id}\r\n`);
        const { length } = journal.records;
        await until(() => journal.records.length > length, "the delete is recorded");
        const asked = new Asked();
        const job = `/v1/jobs/${id}`;
        asked.ask("delete", service.call("DELETE", job));
        asked.ask("get", service.call("GET", job));
        asked.ask("kick", service.call("POST", `${job}/kick`));
        asked.ask("bury", service.call("POST", `${job}/bury`));
        asked.ask("patch", service.call("PATCH", job, { priority: 1 }));
        asked.ask("kick all", service.call("POST", "/v1/tubes/t/kick", { count: 1 }));
        asked.ask("pause", service.call("POST", "/v1/tubes/t/pause", { seconds: 1 }));
        asked.ask("truncate", service.call("POST", "/v1/tubes/t/truncate"));
        await recorded(journal, length + 1, asked);
        journal.reach(journal.ticket);
        const expected = ["bury", "delete", "get", "kick", "kick all", "patch", "pause", "truncate"];
        assertEquals(await asked.all(), expected.map((name) => `${name} 404`));
        assertEquals(await client.reply(), "DELETED\r\n");
        client.close();
      }),
  );

  for (
    const [name, method, path, body] of [
      ["kick", "POST", "/kick", undefined],
      ["bury", "POST", "/bury", undefined],
      ["requeue", "PATCH", "", { priority: 7 }],
    ] as const
  ) {
    it(
      `answers a ${name} as it was, though another client has deleted the job since`,
      LIMIT,
      () =>
        withJournal(async (service, journal) => {
          const id = await put(service, "1", { delay: name === "kick" ? 1000 : 0 });
          journal.isManual = true;
          const { length } = journal.records;
          const asked = service.call(method, `/v1/jobs/${id}${path}`, body);
          await until(() => journal.records.length > length, "it is recorded");
          const own = journal.records.length;
          const client = await service.connect();
          client.send(`delete ${id}\r\n`);
          await until(() => journal.records.length > own, "the delete is recorded");
          journal.reach(own);
          await sleep(30);
          journal.reach(journal.ticket);
          const { status, json } = await asked;
          assertEquals([status, json.id, json.state], [200, id, name === "bury" ? "buried" : "ready"]);
          client.close();
        }),
    );
  }

  it(
    "puts once for a key that comes again while its first put waits, and answers both the same",
    LIMIT,
    () =>
      withJournal(async (service, journal) => {
        journal.isManual = true;
        const headers = { "idempotency-key": "one" };
        const asked = new Asked();
        for (const name of ["first", "second", "third"]) {
          asked.ask(name, service.call("POST", "/v1/tubes/t/jobs", { body: "1" }, { headers }));
        }
        await recorded(journal, 1, asked);
        assertEquals(journal.records, ["put 1"]);
        journal.reach(1);
        assertEquals(await asked.all(), ["first 201", "second 201", "third 201"]);
        const ids = (await Promise.all(asked.answers)).map(({ json }) => json.id);
        assertEquals(ids, [1, 1, 1]);
      }),
  );

  it(
    "says when the server stops what was done and what was not",
    LIMIT,
    () =>
      withJournal(async (service, journal) => {
        await put(service, "1");
        const [token] = await lease(service);
        journal.isManual = true;
        const asked = new Asked();
        const { length } = journal.records;
        asked.ask("waiting", service.call("POST", "/v1/reserve", { tubes: ["u"], timeoutSeconds: 60 }));
        asked.ask("put", service.call("POST", "/v1/tubes/v/jobs", { body: "2" }));
        asked.ask("delete", service.call("POST", `/v1/leases/${token}/delete`));
        await recorded(journal, length + 2, asked);
        await until(() => service.server.engine.counters.waiting === 1, "somebody waits");
        await service.server.end();
        assertEquals(await asked.all(), ["delete 204", "put 201", "waiting 503"]);
        const late = await service.call("POST", "/v1/tubes/v/jobs", { body: "3" });
        assertEquals(late.status, 503);
        for (const { json } of [await asked.answers[0], late]) {
          assertEquals(json.detail, "the server stops; nothing was done");
        }
      }),
  );

  it("says so when the server stops and nobody knows", LIMIT, () =>
    withJournal(async (service, journal) => {
      journal.isManual = true;
      journal.reachesAtClose = false;
      const asked = new Asked();
      asked.ask("put", service.call("POST", "/v1/tubes/t/jobs", { body: "1" }));
      await recorded(journal, 1, asked);
      service.server.stop();
      assertEquals(await asked.all(), ["put 503"]);
      const [{ json }] = await Promise.all(asked.answers);
      assert(json.detail.includes("may not be kept"), json.detail);
    }));

  it(
    "says so when the journal fails, to who was swept before, too",
    LIMIT,
    () =>
      withJournal(async (service, journal) => {
        await put(service, "1");
        const [token] = await lease(service);
        journal.isManual = true;
        const asked = new Asked();
        const { length } = journal.records;
        asked.ask("delete", service.call("POST", `/v1/leases/${token}/delete`));
        await recorded(journal, length + 1, asked);
        await sleep(TWO_SWEEPS_MS);
        journal.fail(new Error("the disk is gone"));
        assertEquals(await asked.all(), ["delete 503"]);
        const [{ json }] = await Promise.all(asked.answers);
        assert(json.detail.includes("may not be kept"), json.detail);
      }),
  );
});
