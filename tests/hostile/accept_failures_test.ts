// Connections that are gone before or while they are accepted: others are served meanwhile, and nothing spins.
import { describe, it } from "node:test";
import net from "node:net";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { ACCEPT_PAUSE_MS, acceptPauseMs } from "../../src/adapters/accept_failure.ts";
import { NO_EPOLL } from "../epoll/no_epoll.ts";
import { sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { cpuShare, NO_PROC } from "./figures.ts";

const FLOOD_MS = 1500;
/** Before the flood is said to be worse than a busy machine. */
const MOST_WAIT_MS = 3000;

/** What a peer does with its connection, and how many do it every ten milliseconds. */
const VARIANTS: [string, number, (socket: net.Socket) => void][] = [
  ["reset as soon as they are connected", 2, (socket) => socket.resetAndDestroy()],
  ["reset by the dozen", 30, (socket) => socket.resetAndDestroy()],
  ["reset a moment later", 4, (socket) => void setTimeout(() => socket.resetAndDestroy(), 3)],
  ["reset behind half a command", 4, (socket) => {
    socket.write("put 0 0 60 10\r\nab");
    socket.resetAndDestroy();
  }],
  ["closed in order", 4, (socket) => socket.destroy()],
  ["half closed, then reset", 4, (socket) => {
    socket.end();
    setTimeout(() => socket.resetAndDestroy(), 3);
  }],
];

async function flood(port: number, each: number, act: (socket: net.Socket) => void): Promise<number> {
  let count = 0;
  for (const until = performance.now() + FLOOD_MS; performance.now() < until; await sleep(10)) {
    for (let i = 0; i < each; i++) {
      count++;
      const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.on("error", () => {}).once("connect", () => act(socket));
    }
  }
  return count;
}

/** The longest that a new client waited for its answer, in milliseconds. */
async function longestWait(port: number, isOver: () => boolean): Promise<number> {
  let longest = 0;
  while (!isOver()) {
    const began = performance.now();
    const client = await WireClient.connect(port);
    assertEquals(await client.ask("list-tube-used\r\n", 10_000), "USING default\r\n");
    longest = Math.max(longest, performance.now() - began);
    client.close();
    await sleep(20);
  }
  return longest;
}

async function servedWhile(
  server: ServerProcess,
  each: number,
  act: (socket: net.Socket) => void,
): Promise<void> {
  let isOver = false;
  const flooding = flood(server.port, each, act).finally(() => (isOver = true));
  const longest = await longestWait(server.port, () => isOver);
  console.log(`${await flooding} connections; a new client waited ${Math.round(longest)} ms at most`);
  assertLessOrEqual(longest, MOST_WAIT_MS, "milliseconds until a new client is served");
  if (!NO_PROC) assertLessOrEqual(await cpuShare(server.pid, 500), 0.25, "processor share afterwards");
}

const WAYS: [string, string[], string | false][] = [
  ["natively", [], false],
  ["with epoll", ["--io", "epoll"], NO_EPOLL],
];
for (const [how, args, skip] of WAYS) {
  describe(`connections that break off, ${how}`, { skip }, () => {
    for (const [what, each, act] of VARIANTS) {
      it(what, { timeout: 240_000 }, async () => {
        const server = await startServer({ args });
        try {
          await servedWhile(server, each, act);
        } finally {
          await server.stop();
        }
      });
    }
  });
}

describe("a failed accept", () => {
  const failure = (code?: string): unknown => Object.assign(new Error(), code === undefined ? {} : { code });

  it("makes a pause only when asking again would change nothing", () => {
    for (const code of ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EBADF", "EINVAL"]) {
      assertEquals(acceptPauseMs(failure(code), 1), ACCEPT_PAUSE_MS, code);
    }
    for (const code of ["ECONNABORTED", "EPROTO", "ENOTCONN", "ECONNRESET", "EPERM", "ENETDOWN"]) {
      assertEquals(acceptPauseMs(failure(code), 1_000_000), 0, code);
    }
  });

  it("without a reason makes one when it goes on for long", () => {
    assertEquals(acceptPauseMs(failure(), 1), 0);
    assert(acceptPauseMs(failure(), 1_000_000) > 0);
  });
});
