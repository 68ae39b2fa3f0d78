// Loopback ports for many servers started at once. The kernel's own choice may be given twice before the first server
// has bound it; then two cases would talk to one server. So this counts through ports below those the kernel hands out.
import net from "node:net";

const FIRST = 10_000;
const COUNT = 20_000;

export class Ports {
  #next = Math.floor(Math.random() * COUNT);

  /** A port that is free now and has not been given out by this object before. */
  async take(): Promise<number> {
    for (let tries = 0; tries < COUNT; tries++) {
      const port = FIRST + this.#next;
      this.#next = (this.#next + 1) % COUNT;
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
