// What Bun's `error` callback is told: errors of sockets, what our own callbacks threw, and chunks for which Bun had no memory.
import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type BunCallbacks, type BunSocket, socketCallbacks } from "../../src/adapters/bun/listen.ts";

/** A connection whose peer runs `received`; what happens to the socket goes to `said`. */
function connection(received: () => void): { socket: BunSocket; callbacks: BunCallbacks; said: string[] } {
  const said: string[] = [];
  const socket: BunSocket = {
    remoteAddress: "127.0.0.1",
    remotePort: 7,
    data: undefined,
    write: (_bytes, _offset, length) => length,
    pause: () => {},
    resume: () => {},
    end: () => void said.push("end"),
    terminate: () => void said.push("terminate"),
    setNoDelay: () => true,
    setKeepAlive: () => true,
  };
  const peer = { received, ended: () => {}, drained: () => {}, closed: () => {} };
  const refusals = {
    refused: (reason: string, address: string | null): void => void said.push(`${reason} ${address}`),
  };
  const callbacks = socketCallbacks(() => peer, refusals);
  callbacks.open(socket);
  return { socket, callbacks, said };
}

describe("the error callback on Bun", () => {
  it("leaves an error of the socket to `close`", () => {
    const { socket, callbacks, said } = connection(() => {});
    callbacks.error(socket, Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    assertEquals(said, []);
  });

  it("ends a connection whose chunk was lost for want of memory, and no other", () => {
    const { socket, callbacks, said } = connection(() => {});
    callbacks.error(socket, new RangeError("Out of memory"));
    assertEquals(said, ["allocation 127.0.0.1:7", "terminate"]);
  });

  it("also when nobody accepted the connection", () => {
    const { socket, callbacks, said } = connection(() => {});
    socket.data = undefined;
    callbacks.error(socket, new RangeError("Out of memory"));
    assertEquals(said, ["allocation null"]);
  });

  for (const error of [new RangeError("Out of memory"), new TypeError("a bug")]) {
    it(`throws on what our own code threw: ${error.name}`, () => {
      const { socket, callbacks, said } = connection(() => {
        throw error;
      });
      assertThrows(() => callbacks.data(socket, new Uint8Array(1)));
      assertThrows(() => callbacks.error(socket, error));
      assertEquals(said, []);
    });
  }

  it("throws on any other error of the runtime", () => {
    const { socket, callbacks } = connection(() => {});
    assertThrows(() => callbacks.error(socket, new TypeError("a bug")));
  });
});
