// Lets Deno look for input before work goes on.
//
// While immediates follow each other, Deno (2.9) asks the system for input only every 61st time: the scheduler below it
// prefers a task that is ready, and one that comes back from its thread pool is ready too. So a byte is sent to ourselves:
// that it has come is only learnt by asking the system, and all other input is learnt with it. About 20 microseconds.

interface DenoConn {
  readonly localAddr: { readonly port?: number };
  readonly remoteAddr: { readonly port?: number };
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  setNoDelay(on: boolean): void;
  close(): void;
}

interface DenoRuntime {
  listen(options: { hostname: string; port: number }): {
    readonly addr: { readonly port: number };
    accept(): Promise<DenoConn>;
    close(): void;
  };
  connect(options: { hostname: string; port: number }): Promise<DenoConn>;
}

const HOST = "127.0.0.1";

/** Calls back when the runtime has looked for input. One call at a time. */
export interface AfterInput {
  (callback: () => void): void;
  /** Gives the sockets back; what was asked for before is not called any more. */
  close(): void;
}

/** Opens the sockets for it. */
export async function createAfterInput(): Promise<AfterInput> {
  const { Deno } = globalThis as unknown as { Deno: DenoRuntime };
  const { near, far } = await connectToOurselves(Deno);
  near.setNoDelay(true);
  const byte = new Uint8Array(1);
  // Larger than what comes: a read that fills its buffer would be tried again next time without asking the system.
  const into = new Uint8Array(2);
  let isClosed = false;
  const failed = (error: unknown): void => {
    if (!isClosed) throw error;
  };
  const afterInput = (callback: () => void): void => {
    if (isClosed) return;
    near.write(byte).catch(failed);
    far.read(into).then(callback, failed);
  };
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    near.close();
    far.close();
  };
  return Object.assign(afterInput, { close });
}

/** Two ends of one connection. Nothing is left open when it cannot be had. */
async function connectToOurselves(Deno: DenoRuntime): Promise<{ near: DenoConn; far: DenoConn }> {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  let near: DenoConn | null = null;
  try {
    near = await Deno.connect({ hostname: HOST, port: listener.addr.port });
    let far = await listener.accept();
    while (far.remoteAddr.port !== near.localAddr.port) {
      far.close(); // somebody else on this machine was quicker
      far = await listener.accept();
    }
    return { near, far };
  } catch (error) {
    near?.close();
    throw error;
  } finally {
    listener.close();
  }
}
