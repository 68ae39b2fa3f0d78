// One scenario through each door of the queue: its words as functions, whatever carries them.

import { Queue } from "../../mod.ts";
import type { Job } from "../../mod.ts";
import { assert, assertEquals } from "@std/assert";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { openService } from "./service.ts";
import { openBridge } from "./web_socket_client.ts";

export interface Held {
  readonly id: number;
  readonly body: string;
  delete(): Promise<void>;
  release(priority: number, delay: number): Promise<void>;
  bury(priority: number): Promise<void>;
  touch(): Promise<void>;
}

export interface Numbers {
  readonly priority: number;
  readonly delay: number;
  readonly ttr: number;
}

export type Counts = Record<"ready" | "delayed" | "reserved" | "buried" | "totalJobs" | "deletes", number>;

export interface Door {
  put(tube: string, body: string, numbers: Numbers): Promise<number>;
  reserve(tube: string): Promise<Held | null>;
  delete(id: number): Promise<boolean>;
  kick(tube: string, count: number): Promise<number>;
  pause(tube: string, seconds: number): Promise<void>;
  truncate(tube: string, states: readonly ("ready" | "delayed" | "buried")[]): Promise<number>;
  counts(tube: string): Promise<Counts | null>;
  tubes(): Promise<string[]>;
  close(): Promise<void>;
}

function countsOf(stats: Record<string, string | number>): Counts {
  const number = (key: string): number => Number(stats[key]);
  return {
    ready: number("current-jobs-ready"),
    delayed: number("current-jobs-delayed"),
    reserved: number("current-jobs-reserved"),
    buried: number("current-jobs-buried"),
    totalJobs: number("total-jobs"),
    deletes: number("cmd-delete"),
  };
}

/** The text protocol. Each reserve has a connection of its own, so that what is held is not in its way. */
function textDoor(connect: () => Promise<WireClient>, end: () => void): Door {
  const holders: WireClient[] = [];
  const ask = async (command: string): Promise<string> => {
    const client = await connect();
    const reply = await client.ask(`${command}\r\n`);
    client.close();
    return reply;
  };
  const askIn = async (tube: string, command: string): Promise<string> => {
    const client = await connect();
    await client.ask(`use ${tube}\r\n`);
    const reply = await client.ask(`${command}\r\n`);
    client.close();
    return reply;
  };
  return {
    async put(tube, body, { priority, delay, ttr }) {
      const reply = await askIn(tube, `put ${priority} ${delay} ${ttr} ${body.length}\r\n${body}`);
      return Number(/^INSERTED (\d+)\r\n$/.exec(reply)![1]);
    },
    async reserve(tube) {
      const client = await connect();
      holders.push(client);
      await client.ask(`watch ${tube}\r\n`);
      if (tube !== "default") await client.ask("ignore default\r\n");
      const reply = await client.ask("reserve-with-timeout 0\r\n");
      const match = /^RESERVED (\d+) \d+\r\n([^]*)\r\n$/.exec(reply);
      if (match === null) return null;
      const id = Number(match[1]);
      const act = async (command: string, expected: string): Promise<void> =>
        assertEquals(await client.ask(`${command}\r\n`), `${expected}\r\n`);
      return {
        id,
        body: match[2],
        delete: () => act(`delete ${id}`, "DELETED"),
        release: (priority, delay) => act(`release ${id} ${priority} ${delay}`, "RELEASED"),
        bury: (priority) => act(`bury ${id} ${priority}`, "BURIED"),
        touch: () => act(`touch ${id}`, "TOUCHED"),
      };
    },
    delete: async (id) => (await ask(`delete ${id}`)) === "DELETED\r\n",
    kick: async (tube, count) => Number((await askIn(tube, `kick ${count}`)).split(" ")[1]),
    pause: async (tube, seconds) => assertEquals(await ask(`pause-tube ${tube} ${seconds}`), "PAUSED\r\n"),
    truncate: async (tube, states) =>
      Number((await ask(`truncate ${tube} ${states.join(" ")}`)).split(" ")[1]),
    async counts(tube) {
      const reply = await ask(`stats-tube ${tube}`);
      return reply === "NOT_FOUND\r\n" ? null : countsOf(yamlOf(reply));
    },
    tubes: async () =>
      Array.from((await ask("list-tubes")).matchAll(/^- (.*?)\r?$/gm), ([, name]) => name).sort(),
    close() {
      for (const client of holders) client.close();
      end();
      return Promise.resolve();
    },
  };
}

async function tcpDoor(): Promise<Door> {
  const service = await openService();
  return textDoor(service.connect, service.close);
}

async function webSocketDoor(): Promise<Door> {
  const service = await openService();
  const bridge = await openBridge(`ws://127.0.0.1:${service.httpPort}/v1/wire`, 40);
  return textDoor(() => WireClient.connect(bridge.port), () => {
    bridge.close();
    service.close();
  });
}

async function httpDoor(): Promise<Door> {
  const service = await openService();
  const { call } = service;
  const good = async (method: string, path: string, body?: unknown) => {
    const answer = await call(method, path, body);
    assert(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.json)}`);
    return answer.json;
  };
  return {
    put: async (tube, body, numbers) =>
      (await good("POST", `/v1/tubes/${tube}/jobs`, { body, ...numbers })).id,
    async reserve(tube) {
      const { jobs: [job] } = await good("POST", "/v1/reserve", { tubes: [tube] });
      if (job === undefined) return null;
      const act = async (verb: string, body?: unknown): Promise<void> => {
        await good("POST", `/v1/leases/${job.token}/${verb}`, body);
      };
      return {
        id: job.id,
        body: job.body.text,
        delete: () => act("delete"),
        release: (priority, delay) => act("release", { priority, delay }),
        bury: (priority) => act("bury", { priority }),
        touch: () => act("touch"),
      };
    },
    delete: async (id) => (await call("DELETE", `/v1/jobs/${id}`)).status === 204,
    kick: async (tube, count) => (await good("POST", `/v1/tubes/${tube}/kick`, { count })).count,
    pause: async (tube, seconds) => void await good("POST", `/v1/tubes/${tube}/pause`, { seconds }),
    truncate: async (tube, states) => (await good("POST", `/v1/tubes/${tube}/truncate`, { states })).count,
    async counts(tube) {
      const { status, json } = await call("GET", `/v1/tubes/${tube}`);
      if (status === 404) return null;
      const { ready, delayed, reserved, buried, totalJobs, deletes } = json;
      return { ready, delayed, reserved, buried, totalJobs, deletes };
    },
    tubes: async () => (await good("GET", "/v1/tubes")).tubes.map((tube: { name: string }) => tube.name),
    close: () => Promise.resolve(service.close()),
  };
}

async function libraryDoor(): Promise<Door> {
  const queue = await Queue.open();
  return {
    put: (tube, body, numbers) => queue.tube(tube).put(body, numbers),
    async reserve(tube) {
      const job: Job | null = await queue.tube(tube).reserve({ timeout: 0 });
      if (job === null) return null;
      return {
        id: job.id,
        body: job.text(),
        delete: () => job.delete(),
        release: (priority, delay) => job.release({ priority, delay }),
        bury: (priority) => job.bury({ priority }),
        touch: () => job.touch(),
      };
    },
    delete: (id) => queue.delete(id).then(() => true, () => false),
    kick: (tube, count) => queue.tube(tube).kick(count),
    pause: (tube, seconds) => queue.tube(tube).pause(seconds),
    truncate: (tube, states) => queue.tube(tube).truncate(states),
    async counts(tube) {
      const stats = await queue.tube(tube).stats();
      return stats === null ? null : countsOf({ ...stats });
    },
    tubes: async () => (await queue.tubes()).sort(),
    close: () => queue.close(),
  };
}

export const DOORS: Readonly<Record<string, () => Promise<Door>>> = {
  TCP: tcpDoor,
  HTTP: httpDoor,
  WebSocket: webSocketDoor,
  "the library": libraryDoor,
};
