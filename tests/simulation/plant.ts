// How a fault is planted: a piece of the product is replaced for as long as the fault stands, so that the product carries no
// code for it.
//
// `isHidden` marks a fault that cannot be told from outside (soon enough): the invariants have to find it. All others are
// looked for by the auditor alone, with the invariants switched off.

export interface PlantedBug {
  readonly what: string;
  readonly isHidden?: boolean;
  /** Few seeds show it: it is looked for from this one on, which spares the others. */
  readonly from?: number;
  /** It shows only in sessions as leases have them. */
  readonly needsLeases?: boolean;
  /** Plants it; the returned function takes it out again. */
  readonly plant: () => () => void;
}

// Deliberately without types: what is replaced here is private, and looks different from within.
// deno-lint-ignore no-explicit-any
export type Loose = any;
export type Changed = (this: Loose, original: (...args: Loose[]) => Loose, ...args: Loose[]) => Loose;

/** Replaces a method or getter of a class. */
export function change(owner: { readonly prototype: object }, name: string, changed: Changed): () => void {
  const prototype: object = owner.prototype;
  const former = Object.getOwnPropertyDescriptor(prototype, name);
  if (former === undefined) throw new Error(`there is no ${name} to plant a bug in`);
  const isGetter = former.get !== undefined;
  const original = (former.get ?? former.value) as (...args: Loose[]) => Loose;
  function replacement(this: Loose, ...args: Loose[]): Loose {
    return changed.call(this, original.bind(this), ...args);
  }
  Object.defineProperty(
    prototype,
    name,
    isGetter ? { ...former, get: replacement } : { ...former, value: replacement },
  );
  return () => void Object.defineProperty(prototype, name, former);
}

export const bug = (
  what: string,
  owner: { readonly prototype: object },
  name: string,
  changed: Changed,
): PlantedBug => ({
  what,
  plant: () => change(owner, name, changed),
});

export const rare = (from: number, planted: PlantedBug): PlantedBug => ({ ...planted, from });

export const ofLeases = (planted: PlantedBug): PlantedBug => ({ ...planted, needsLeases: true });

export const hidden = (planted: PlantedBug): PlantedBug => ({ ...planted, isHidden: true });
