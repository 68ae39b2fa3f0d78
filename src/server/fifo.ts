// A queue of things that are taken in the order in which they came. Array's own shift moves all that is left, which is
// quadratic for a queue of many thousands; here what is taken is passed over, and the room is given back now and then.

/** Fewer than so many places that were passed over are not worth giving back. */
const FEW = 1024;

export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private taken = 0;

  get length(): number {
    return this.items.length - this.taken;
  }

  /** The one that came first; undefined when there is none. */
  get first(): T | undefined {
    return this.items[this.taken];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.taken === this.items.length) return undefined;
    const item = this.items[this.taken];
    this.items[this.taken++] = undefined;
    if (this.taken === this.items.length) this.clear();
    else if (this.taken >= FEW && this.taken * 2 >= this.items.length) {
      this.items = this.items.slice(this.taken);
      this.taken = 0;
    }
    return item;
  }

  clear(): void {
    this.items.length = this.taken = 0;
  }

  /** All that is left, in order. */
  toArray(): T[] {
    return this.items.slice(this.taken) as T[];
  }
}
