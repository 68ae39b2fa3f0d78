// A client of a server, Runnerbean or beanstalkd: node examples/connect.ts [port]
import process from "node:process";
import { connect, type QueueError } from "@runnerbean/runnerbean/client";

await using queue = await connect({ port: Number(process.argv[2] ?? 11300) });
const thumbnails = queue.tube("thumbnails");

const ids = await thumbnails.putMany(["cat.png", "dog.png", "eel.png"], { ttr: 30, priority: 10 });
console.log(`put ${ids.length}`);

for await (const job of thumbnails.jobs({ timeout: 0 })) {
  if (job.text() === "eel.png") await job.bury();
  else await job.delete();
  console.log(`${job.text()}: done`);
}

const [buried, stats] = await Promise.all([thumbnails.peekBuried(), thumbnails.stats()]);
console.log(`buried: ${buried?.text()}, ${stats?.["current-jobs-buried"]} in all`);
await queue.delete(buried!.id);
await queue.delete(buried!.id).catch((error: QueueError) => console.log(`again: ${error.code}`));
