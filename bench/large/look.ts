// How long others wait while a large queue is looked at: a client beside it that moves one job after the other in lock-step.
// A pause that the queue makes comes again each time; one that the machine makes does not: so the least of several is taken.
import { ScaleClient } from "../scale/scale_client.ts";
import { freePort, HOST, startServer } from "../support/server.ts";
import type { ServerProgram } from "../support/programs.ts";
import { type Amount, fill } from "./fill.ts";
import { HttpClient } from "./http_client.ts";
import { type Asking, LOOK_ROWS, type LookRow } from "./look_rows.ts";
import { type Look, lookOf } from "./looked.ts";
import { CONSOLE_ROW, measureConsole } from "./open_console.ts";
import { Neighbour, type Waits } from "./neighbour.ts";

export async function measureLooks(
  program: ServerProgram,
  amount: Amount,
  repeats: number,
  isWanted: (row: string) => boolean,
  found: (look: Look) => void,
): Promise<void> {
  const httpPort = await freePort();
  const server = await startServer(program, ["--http", `${HOST}:${httpPort}`]);
  const http = new HttpClient(httpPort);
  try {
    const beganAt = performance.now();
    await fill(server.port, amount);
    console.error(`${program.name}: filled in ${((performance.now() - beganAt) / 1000).toFixed(0)} s`);
    const client = await ScaleClient.open(server.port);
    const neighbour = await Neighbour.open(server);
    for (const row of LOOK_ROWS) {
      if (!isWanted(row.name)) continue;
      found(await measure(row, { http, client, tubes: amount.tubes }, neighbour, repeats));
    }
    if (isWanted(CONSOLE_ROW)) found(await measureConsole(httpPort, neighbour, repeats));
    neighbour.close();
    client.close();
  } finally {
    http.close();
    await server.stop();
  }
}

async function measure(row: LookRow, asking: Asking, neighbour: Neighbour, repeats: number): Promise<Look> {
  const times: number[] = [];
  const waits: Waits[] = [];
  for (let i = 0; i < repeats; i++) {
    neighbour.start();
    const beganAt = performance.now();
    await row.ask(asking);
    times.push(performance.now() - beganAt);
    waits.push(await neighbour.stop());
  }
  return lookOf(row.name, times, waits);
}
