// A list in order, by binary search and splice: slow for millions, plain enough to be trusted.

export class SortedList<T> {
  readonly items: T[] = [];
  private readonly order: (a: T, b: T) => number;

  /** `order` must tell any two items apart. */
  constructor(order: (a: T, b: T) => number) {
    this.order = order;
  }

  get length(): number {
    return this.items.length;
  }

  get first(): T | undefined {
    return this.items[0];
  }

  add(item: T): void {
    this.items.splice(this.placeOf(item), 0, item);
  }

  /** Takes an item out; what its order depends on must not have changed since it was added. */
  remove(item: T): void {
    const place = this.placeOf(item);
    if (this.items[place] !== item) throw new Error("the model lost an item of its own");
    this.items.splice(place, 1);
  }

  private placeOf(item: T): number {
    const { items, order } = this;
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(items[middle], item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
