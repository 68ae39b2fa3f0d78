// Loopback ports for many servers started at once. The kernel's own choice may be given twice before the first server
// has bound it; then two cases would talk to one server. So this counts through ports below those the kernel hands out.
// Runs of tests side by side have a range each: two that count through one would find the same port free.
import net from "node:net";
import { PORTS } from "../support/server_process.ts";

export class Ports {
  #next = Math.floor(Math.random() * PORTS.count);

  /** A port that is free now and has not been given out by this object before. */
  async take(): Promise<number> {
    for (let tries = 0; tries < PORTS.count; tries++) {
      const port = PORTS.first + this.#next;
      this.#next = (this.#next + 1) % PORTS.count;
      if (await isFree(port)) return port;
    }
    throw new Error("no free port");
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
