// The least that a queue could be: an array that is pushed to and taken from, and a map of what is in hand. No tubes,
// priorities, deadlines, limits, nor anything that survives; bodies are copied in, as a queue must.

interface HeldBody {
  readonly id: number;
  readonly body: Uint8Array;
}

export class ArrayQueue {
  private readonly ready: HeldBody[] = [];
  private readonly held = new Map<number, HeldBody>();
  private nextId = 1;

  put(body: Uint8Array): number {
    const id = this.nextId++;
    this.ready.push({ id, body: body.slice() });
    return id;
  }

  reserve(): HeldBody | undefined {
    const job = this.ready.shift();
    if (job !== undefined) this.held.set(job.id, job);
    return job;
  }

  delete(id: number): boolean {
    return this.held.delete(id);
  }
}
