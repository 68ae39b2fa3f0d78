// One process works on a queue and serves it: other processes join over TCP with any beanstalkd client.
import { json, Queue, worker } from "@runnerbean/runnerbean";
import { connect } from "@runnerbean/runnerbean/client";

await using queue = await Queue.open();
const { port } = await queue.listen({ port: 0 });
const sums = json<{ id: number; terms: number[] }>();
const answers = queue.tube("answers", json<{ id: number; sum: number }>());

await using adder = worker(queue.tube("sums", sums), async ({ body }) => {
  await answers.put({ id: body.id, sum: body.terms.reduce((a, b) => a + b, 0) });
});

// What another process would do:
await using other = await connect({ port });
await other.tube("sums", sums).put({ id: 7, terms: [1, 2, 3] });
const answer = await other.tube("answers", json<{ id: number; sum: number }>()).reserve({ timeout: 5 });
console.log(`sum of ${answer?.body.id}: ${answer?.body.sum}`);
await answer?.delete();
await adder.stop();
console.log(`jobs left: ${(await other.stats())["current-jobs-ready"]}`);
