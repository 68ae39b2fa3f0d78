// Servers that answer what they must not: the connection ends, and no promise resolves with a reply that is not its own.
import { describe, it } from "node:test";
import net from "node:net";
import { assert, assertEquals } from "@std/assert";
import { type Client, connect, DisconnectedError } from "../../src/client/mod.ts";

interface Lie {
  readonly what: string;
  readonly reply: string;
  readonly command: (queue: Client) => Promise<unknown>;
}

const put = (queue: Client): Promise<unknown> => queue.tube("default").put("x");

const LIES: readonly Lie[] = [
  { what: "a reply of another command", reply: "DELETED\r\n", command: put },
  { what: "a reserved job for a put", reply: "RESERVED 1 1\r\nx\r\n", command: put },
  { what: "text", reply: "hello there\r\n", command: put },
  { what: "binary", reply: "\x00\x01\x02\xff\r\n", command: put },
  { what: "a line without end", reply: "x".repeat(1000), command: put },
  { what: "another job than was peeked at", reply: "FOUND 2 1\r\nx\r\n", command: (queue) => queue.peek(1) },
  {
    what: "a body that is longer than announced",
    reply: "FOUND 1 1\r\nxyz\r\n",
    command: (queue) => queue.peek(1),
  },
  { what: "a count for kick-job", reply: "KICKED 1\r\n", command: (queue) => queue.kickJob(1) },
  {
    what: "another tube than was used",
    reply: "USING b\r\nINSERTED 1\r\n",
    command: (queue) => queue.tube("a").put("x"),
  },
  {
    what: "a refused use",
    reply: "OUT_OF_MEMORY\r\nINSERTED 1\r\n",
    command: (queue) => queue.tube("a").put("x"),
  },
];

/** A server that answers each first chunk of a connection with one text. */
async function liar(reply: string): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.once("data", () => socket.write(reply, "latin1")).on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function withLiar(reply: string, test: (queue: Client) => Promise<void>): Promise<void> {
  const server = await liar(reply);
  const { port } = server.address() as net.AddressInfo;
  const queue = await connect({ port, replyTimeoutMs: 5000 });
  await test(queue);
  await queue.close();
  server.close();
}

describe("a client of a lying server", () => {
  for (const { what, reply, command } of LIES) {
    it(`ends the connection on ${what}`, async () => {
      await withLiar(reply, async (queue) => {
        // What only looks is asked again on the next connection, so it is not waited for.
        const outcome = await Promise.race([
          command(queue).then((value) => ({ value }), (error) => ({ error })),
          new Promise<null>((resolve) => setTimeout(() => resolve(null), 300)),
        ]);
        if (outcome === null) return await queue.close();
        assert("error" in outcome, `resolved with ${JSON.stringify(outcome)}`);
        assert(outcome.error instanceof DisconnectedError, String(outcome.error));
        assertEquals(outcome.error.mayHaveRun, true);
      });
    });
  }

  it("does not take a reply that nobody asked for as the next one's", async () => {
    await withLiar("INSERTED 1\r\nINSERTED 2\r\n", async (queue) => {
      const first = await put(queue).then((id) => id, (error) => error.code);
      assert(first === 1 || first === "DISCONNECTED", String(first));
      const second = await put(queue); // on another connection, where it is the first
      assertEquals(second, 1);
    });
  });
});
