// Leaves a unix socket file behind that nobody listens on, as a killed server does.
import { renameSync } from "node:fs";
import net from "node:net";

/** Binds elsewhere and renames: the listener then removes the name it knows, and the file stays under the new one. */
export function makeStaleSocket(path: string): Promise<void> {
  const bindPath = `${path}.b`;
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(bindPath, () => {
      renameSync(bindPath, path);
      server.close(() => resolve());
    });
  });
}
