// Every route of the HTTP API, asked for by everybody, with a bearer token and with a session's cookie.
import { after, before, describe, it } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import type { Scope } from "../../src/access/scopes.ts";
import type { Connection } from "../../src/http/model.ts";
import type { Route } from "../../src/http/route.ts";
import { EventClient } from "../http/event_client.ts";
import { freePort, type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { ASKERS, isLetIn, tableTokens, tokenFor } from "./askers.ts";
import { HTTP_ROUTES } from "./security_table.ts";

/** Bodies of routes whose tube is named there. */
const BODIES: Readonly<Record<string, unknown>> = {
  "/v1/reserve": { tubes: ["here"], timeoutSeconds: 0 },
  "/v1/actions": { match: { tube: "here", state: "buried" }, action: "kick" },
};

interface Login {
  readonly cookie: string;
  readonly csrf: string;
}

describe("every route", () => {
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-access-"));
  let server: ServerProcess;
  let base = "";

  before(async () => {
    const file = join(folder, "tokens");
    writeFileSync(file, tableTokens(), { mode: 0o600 });
    const port = await freePort();
    server = await startServer({ args: ["--auth", file, "--http", `127.0.0.1:${port}`] });
    base = `http://127.0.0.1:${port}`;
  });

  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const JSON_TYPE = { "content-type": "application/json" };

  const job = async (): Promise<number> => {
    const response = await fetch(`${base}/v1/tubes/here/jobs`, {
      method: "POST",
      headers: { ...bearer(tokenFor("admin", "*")), "content-type": "text/plain" },
      body: "abc",
    });
    return (await response.json() as { id: number }).id;
  };

  const lease = async (): Promise<string> => {
    await job();
    const response = await fetch(`${base}/v1/reserve`, {
      method: "POST",
      headers: { ...bearer(tokenFor("admin", "*")), ...JSON_TYPE },
      body: JSON.stringify({ tubes: ["here"] }),
    });
    return (await response.json() as { jobs: { token: string }[] }).jobs[0].token;
  };

  /** The status of a route for a job or a lease of the tube "here". */
  const ask = async ({ method, path, tube }: Route, headers: Record<string, string>): Promise<number> => {
    const where = path.replace(":tube", "here").replace(":id", String(tube === "job" ? await job() : 0))
      .replace(":token", tube === "lease" ? await lease() : "");
    const isSending = method === "POST" || method === "PATCH";
    const leaving = new AbortController();
    const response = await fetch(`${base}${where}${tube === "query" ? "?tube=here" : ""}`, {
      method,
      headers: { ...headers, ...(isSending ? JSON_TYPE : {}) },
      body: isSending ? JSON.stringify(BODIES[path] ?? {}) : undefined,
      signal: leaving.signal,
    }).catch((error: unknown) => {
      throw new Error(`${path}: the server said ${server.stdout()}${server.stderr()}`, { cause: error });
    });
    leaving.abort(); // it may be a stream
    return response.status;
  };

  const login = async (token: string): Promise<Login> => {
    const response = await fetch(`${base}/v1/session`, {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify({ token }),
    });
    assertEquals(response.status, 200);
    const cookie = response.headers.get("set-cookie")!;
    assert(/; HttpOnly; SameSite=Strict/.test(cookie), cookie);
    return { cookie: cookie.split(";")[0], csrf: (await response.json() as Login).csrf };
  };

  const SUBJECTS: Readonly<Partial<Record<Route["tube"], "any" | "all">>> = { any: "all", own: "any" };
  const subjectOf = ({ tube }: Route): "here" | "any" | "all" => SUBJECTS[tube] ?? "here";

  it("that names its tube in the body is asked for here", () => {
    const named = HTTP_ROUTES.filter(({ tube }) => tube === "body").map(({ path }) => path);
    assertEquals(named.sort(), Object.keys(BODIES).sort());
  });

  for (const route of HTTP_ROUTES) {
    const isOpen = route.scope === "none";
    const isForAnyone = route.scope === "known";
    it(`${route.method} ${route.path}: ${isOpen ? "everybody" : route.scope}`, async () => {
      for (const asker of ASKERS) {
        const token = asker.token(isOpen || isForAnyone ? "read" : route.scope as Scope);
        const status = await ask(route, token === null ? {} : bearer(token));
        const said = `${asker.title}: ${status}`;
        // Who shows a token that is none learns it everywhere.
        if (token !== null && !asker.isKnown) assertEquals(status, 401, said);
        else if (isOpen) assert(status !== 401 && status !== 403, said);
        else if (token === null) assertEquals(status, 401, said);
        else if (isForAnyone) assertEquals(status, 426, said);
        else if (isLetIn(asker, "scope", subjectOf(route))) assert(status !== 401 && status !== 403, said);
        else assertEquals(status, 403, said);
      }
    });
  }

  it("takes a session's cookie, for changes only together with its second secret", async () => {
    const right = await login(tokenFor("admin", "here"));
    const other = await login(tokenFor("admin", "there"));
    for (
      const route of HTTP_ROUTES.filter((route) => route.scope !== "none" && subjectOf(route) === "here")
    ) {
      const isChange = route.method !== "GET";
      const { cookie, csrf } = right;
      const said = `${route.method} ${route.path}`;
      const good = await ask(route, { cookie, "x-csrf-token": csrf });
      assert(good !== 401 && good !== 403, `${said}: ${good}`);
      assertEquals(await ask(route, { cookie: other.cookie, "x-csrf-token": other.csrf }), 403, said);
      if (!isChange) continue;
      assertEquals(await ask(route, { cookie }), 403, `${said} without it`);
      assertEquals(await ask(route, { cookie, "x-csrf-token": other.csrf }), 403, `${said} with another's`);
    }
    const gone = await fetch(`${base}/v1/session`, {
      method: "DELETE",
      headers: { cookie: right.cookie, "x-csrf-token": right.csrf },
    });
    assertEquals(gone.status, 204);
    const tube = HTTP_ROUTES.find(({ path }) => path === "/v1/tubes/:tube")!;
    assertEquals(await ask(tube, { cookie: right.cookie }), 401);
    assertEquals(await ask(tube, { cookie: "runnerbean=made-up" }), 401);
  });

  it("of connections tells who each is, also who holds a lease", async () => {
    const wire = await WireClient.connect(server.port);
    assertEquals(await wire.ask(`auth ${tokenFor("put", "here")}\r\n`), "AUTHENTICATED\r\n");
    await lease(); // as admin-all
    const response = await fetch(`${base}/v1/connections?limit=1000`, {
      headers: bearer(tokenFor("admin", "*")),
    });
    const { connections } = await response.json() as { connections: Connection[] };
    const names = (kind: string): (string | null)[] =>
      connections.filter((each) => each.kind === kind).map(({ identity }) => identity);
    assertEquals(names("tcp"), ["put-here"]);
    assert(names("http").includes("admin-all"), String(names("http")));
    wire.close();
  });

  it("of live events tells of no tube that the caller may not read", async () => {
    const url = `${base}/v1/events?jobs=1`;
    const here = await EventClient.open(url, bearer(tokenFor("read", "here")));
    const there = await EventClient.open(url, bearer(tokenFor("read", "there")));
    const all = await EventClient.open(url, bearer(tokenFor("read", "*")));
    const id = await job();
    const isToldOf = (client: EventClient): boolean =>
      client.of("job").some((event) => event.id === id) &&
      client.of("tubes").some(({ tubes }) => tubes.some(({ name }: { name: string }) => name === "here"));
    await all.until(() => isToldOf(all));
    await here.until(() => isToldOf(here));
    await there.until(() => there.of("server").length > 1);
    const seen = [there.of("job"), ...there.of("tubes").map(({ tubes, gone }) => [...tubes, ...gone])].flat();
    assertEquals(seen, []);
    for (const client of [here, there, all]) client.close();
  });

  it("that acts on what matches needs the scope for all tubes when no tube is named, whatever the target", async () => {
    const act = async (body: unknown): Promise<number> => {
      const response = await fetch(`${base}/v1/actions`, {
        method: "POST",
        headers: { ...bearer(tokenFor("admin", "here")), ...JSON_TYPE },
        body: JSON.stringify(body),
      });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await act({ match: {}, action: "delete" }), 403);
    assertEquals(await act({ match: { state: "ready" }, action: "move", tube: "here" }), 403);
    assertEquals(await act({ match: { tube: "there" }, action: "move", tube: "here" }), 403);
    assertEquals(await act({ match: { tube: "here" }, action: "move", tube: "there" }), 403);
    assertEquals(await act({ match: { tube: "here", state: "buried" }, action: "move", tube: "here" }), 200);
  });

  it("that moves a job needs the scope for both tubes", async () => {
    const move = async (tube: string): Promise<number> => {
      const response = await fetch(`${base}/v1/jobs/${await job()}`, {
        method: "PATCH",
        headers: { ...bearer(tokenFor("admin", "here")), ...JSON_TYPE },
        body: JSON.stringify({ tube }),
      });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals([await move("there"), await move("here")], [403, 200]);
  });
});
