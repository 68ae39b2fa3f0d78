// A server that is looked at while it is measured: scraped once a second, and with a console open that hears live events and
// asks for the list of tubes once a second.
import process from "node:process";
import http from "node:http";
import type { ServerProgram } from "../support/programs.ts";
import { type BenchServer, freePort, HOST, startServer } from "../support/server.ts";

/** Behind a server's name. */
export const WATCHED = " watched";
const PATHS = ["/metrics", "/v1/tubes", "/v1/server"];

export async function startWatched(program: ServerProgram): Promise<BenchServer> {
  const port = await freePort();
  const server = await startServer(program, ["--http", `${HOST}:${port}`]);
  const events = await get(port, "/v1/events?jobs=1&tubes=not-measured");
  const timer = setInterval(() => {
    for (const path of PATHS) get(port, path).catch(fail);
  }, 1000);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    events.destroy();
    await server.stop();
  };
  return { name: server.name, pid: server.pid, port: server.port, stop };
}

function get(port: number, path: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: HOST, port, path }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`));
      response.on("error", () => {}); // the server is stopped while it answers
      response.resume();
      resolve(response);
    });
    request.on("error", reject);
  });
}

/** A server that is being stopped refuses; anything else ends the bench. */
function fail(error: Error & { code?: string }): void {
  if (error.code === "ECONNREFUSED" || error.code === "ECONNRESET") return;
  console.error(error);
  process.exit(1);
}
