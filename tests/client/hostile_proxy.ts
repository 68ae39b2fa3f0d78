// A proxy that is bad on purpose: it cuts connections in the middle of whatever passes, or goes silent without closing.
import net from "node:net";
import type { Random } from "../support/random.ts";

export class HostileProxy {
  /** Connections that were cut so far. */
  cuts = 0;
  /** Bytes after which a new connection is cut: a random number up to this. Infinity does not cut. */
  cutWithin = Infinity;
  private readonly server: net.Server;
  private readonly target: number;
  private readonly random: Random;
  private readonly pairs = new Set<readonly [net.Socket, net.Socket]>();

  private constructor(target: number, random: Random) {
    this.target = target;
    this.random = random;
    this.server = net.createServer((near) => this.join(near));
  }

  static async start(target: number, random: Random): Promise<HostileProxy> {
    const proxy = new HostileProxy(target, random);
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  /** From now on nothing passes on the connections that are there. The server learns of it when `ms` are over, the client never. */
  silence(ms: number): void {
    for (const [near, far] of this.pairs) {
      near.removeAllListeners("data").pause();
      far.removeAllListeners("data").pause();
      near.removeAllListeners("close");
      far.removeAllListeners("close");
      setTimeout(() => far.destroy(), ms);
    }
  }

  stop(): void {
    this.server.close();
    for (const [near, far] of this.pairs) {
      near.destroy();
      far.destroy();
    }
  }

  private join(near: net.Socket): void {
    const far = net.connect(this.target, "127.0.0.1");
    const pair = [near, far] as const;
    this.pairs.add(pair);
    let left = this.cutWithin === Infinity ? Infinity : 1 + this.random.below(this.cutWithin);
    const end = (): void => {
      near.destroy();
      far.destroy();
      this.pairs.delete(pair);
    };
    const pass = (chunk: Uint8Array, to: net.Socket): void => {
      if (left === 0) return;
      if (chunk.length < left) {
        left -= chunk.length;
        return void to.write(chunk);
      }
      const part = chunk.subarray(0, left);
      left = 0;
      this.cuts++;
      to.write(part, end); // the last bytes arrive before the cut
    };
    near.on("data", (chunk) => pass(chunk as Uint8Array, far)).on("close", end).on("error", () => {});
    far.on("data", (chunk) => pass(chunk as Uint8Array, near)).on("close", end).on("error", () => {});
  }
}
