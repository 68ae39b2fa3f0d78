// What makes an event loop spin or starve: an out-of-band byte, and a peer that pipelines without end.
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { requireProgram, runtimeCommand, skipWithout, sleep } from "../support/runtime.ts";
import { type ServerProcess, startProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { Bystander, settledStat } from "./bystander.ts";
import { cpuShare, MemoryGrowth, MIB, NO_PROC } from "./figures.ts";

/** Reserves, sends one out-of-band byte, then prints what it gets. No runtime here can send MSG_OOB. */
const URGENT_WAITER = `
use IO::Socket::INET; use Socket;
my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0], Proto => "tcp") or die;
$socket->autoflush(1);
print $socket "reserve\\r\\n";
select(undef, undef, undef, 0.2);
send($socket, "!", MSG_OOB) == 1 or die "no out-of-band byte";
$| = 1;
print "sent\\n";
my $line = <$socket>;
print $line;
`;

const FLOODER = fileURLToPath(new URL("./flooding_process.ts", import.meta.url));

describe("peers that could make the server spin", { skip: NO_PROC }, () => {
  let server: ServerProcess;

  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(() => server?.stop());

  it(
    "an out-of-band byte on a waiting connection",
    { timeout: 240_000, skip: skipWithout("perl") },
    async () => {
      const waiter = startProcess([requireProgram("perl"), "-e", URGENT_WAITER, String(server.port)]);
      try {
        const producer = await WireClient.connect(server.port);
        assertEquals(await settledStat(producer, "current-waiting", 1), 1, waiter.stderr());
        while (!waiter.stdout().includes("sent")) await sleep(5);
        assertLessOrEqual(
          await cpuShare(server.pid, 1000),
          0.25,
          "processor share after an out-of-band byte",
        );
        assertEquals(await settledStat(producer, "current-waiting", 1), 1, "it still waits");
        assertEquals(await producer.ask("put 0 0 60 2\r\nhi\r\n"), "INSERTED 1\r\n");
        assertEquals(await waiter.exited, 0, waiter.stderr());
        assertEquals(waiter.stdout(), "sent\nRESERVED 1 2\r\n");
        producer.close();
      } finally {
        await waiter.stop();
      }
    },
  );

  for (const [what, command] of [["cheap commands", "list-tube-used"], ["documents", "stats"]]) {
    it(`a flooder of ${what} beside a lock-step client`, { timeout: 240_000 }, async () => {
      const growth = new MemoryGrowth(server.pid);
      const flooder = startProcess([...runtimeCommand(), FLOODER, String(server.port), command]);
      try {
        while (!flooder.stdout().includes("flooding")) await sleep(5);
        const bystander = await Bystander.start(server.port);
        await sleep(2000);
        const median = await bystander.finish();
        assertEquals(await Promise.race([flooder.exited, "flooding"]), "flooding", flooder.stderr());
        console.log(`beside a flooder of ${what}: median answer ${median.toFixed(2)} ms`);
        // A few milliseconds on a machine of its own; without turns for all it would be as long as the flood lasts.
        assertLessOrEqual(median, 500, "median answer in ms");
        growth.check(128 * MIB, `a flooder of ${what}`);
        await flooder.stop("SIGTERM");
        const answers = Number(/(\d+) MiB/.exec(flooder.stdout())?.[1] ?? 0);
        assertGreaterOrEqual(answers, 1, "the flooder was served too (MiB of answers)");
      } finally {
        await flooder.stop();
      }
    });
  }
});
