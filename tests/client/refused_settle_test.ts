// A server that refuses to settle a job: the job is held as before, or said to be where the server put it; never called lost.
import { describe, it } from "node:test";
import net from "node:net";
import { assert, assertEquals } from "@std/assert";
import { type Client, connect, type Job, LostLeaseError, QueueError } from "../../src/client/mod.ts";

/** Grants job 1 to each reserve, and answers the other commands by a table. */
async function serverOf(answers: Record<string, string>): Promise<net.Server> {
  const server = net.createServer((socket) => {
    let text = "";
    socket.on("error", () => {}).on("data", (bytes) => {
      text += bytes;
      for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
        const [word] = text.slice(0, end).split(" ");
        text = text.slice(end + 2);
        const known: Record<string, string> = {
          watch: "WATCHING 2\r\n",
          ignore: "WATCHING 1\r\n",
          "reserve-with-timeout": "RESERVED 1 1\r\nx\r\n",
          "stats-job": "OK 12\r\n---\npri: 10\n\r\n",
        };
        socket.write(answers[word] ?? known[word] ?? "BAD_FORMAT\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function withJob(
  answers: Record<string, string>,
  test: (job: Job, queue: Client) => Promise<void>,
): Promise<void> {
  const server = await serverOf(answers);
  const queue = await connect({ port: (server.address() as net.AddressInfo).port });
  await test((await queue.tube("t").reserve({ timeout: 1 }))!, queue);
  await queue.close();
  server.close();
}

const WAYS: Record<string, (job: Job, queue: Client) => Promise<unknown>> = {
  delete: (job) => job.delete(),
  deleteMany: (job, queue) => queue.deleteMany([job]),
  release: (job) => job.release(),
  bury: (job) => job.bury({ priority: 1 }),
};

describe("a server that refuses to settle a job", () => {
  for (const word of ["UNAUTHORIZED", "INTERNAL_ERROR", "OUT_OF_MEMORY"]) {
    for (const [name, way] of Object.entries(WAYS)) {
      it(`leaves it held: ${name}, ${word}`, async () => {
        const command = name === "deleteMany" ? "delete" : name;
        await withJob({ [command]: `${word}\r\n` }, async (job, queue) => {
          const error = await way(job, queue).then(() => null, (error) => error);
          assert(error instanceof QueueError && !(error instanceof LostLeaseError), String(error));
          assertEquals([error.code, job.state, job.outcome], [word, "held", null]);
        });
      });
    }
  }

  it("by burying it says so", async () => {
    await withJob({ release: "BURIED\r\n" }, async (job) => {
      const error = await job.release().then(() => null, (error) => error);
      assert(error instanceof QueueError && !(error instanceof LostLeaseError), String(error));
      assertEquals([error.code, job.state, job.outcome], ["BURIED", "settled", "buried"]);
    });
  });
});
