// A server with its HTTP port, as a process of its own.
import { freePort, type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

export interface ObservedServer extends ServerProcess {
  readonly url: string;
  connect(): Promise<WireClient>;
}

export async function startObservedServer(args: readonly string[] = []): Promise<ObservedServer> {
  const httpPort = await freePort();
  const server = await startServer({ args: ["--http", `127.0.0.1:${httpPort}`, ...args] });
  return {
    ...server,
    url: `http://127.0.0.1:${httpPort}`,
    connect: () => WireClient.connect(server.port),
  };
}
