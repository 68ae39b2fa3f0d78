// The client over TCP: the common suite, against this project's server and against beanstalkd.
import process from "node:process";
import { connect } from "../../src/client/mod.ts";
import { faceSuite } from "../library/face_suite.ts";
import type { Opened } from "../library/face_suite.ts";
import { requireProgram, skipWithout } from "../support/runtime.ts";
import { startServer } from "../support/server_process.ts";
import type { StartOptions } from "../support/server_process.ts";
import { fillModuleCache } from "../durability/module_cache.ts";

async function clientOf(options: StartOptions): Promise<Opened> {
  const server = await startServer(options);
  const queue = await connect({ port: server.port });
  const end = async (): Promise<void> => {
    await queue.close();
    await server.stop();
  };
  return { queue, end };
}

const cache = await fillModuleCache();
process.on("exit", () => cache.remove());

faceSuite("a client of this server", () => clientOf({ env: cache.env }));

faceSuite(
  "a client of beanstalkd",
  () => clientOf({ command: [requireProgram("beanstalkd")] }),
  skipWithout("beanstalkd"),
  true,
);
