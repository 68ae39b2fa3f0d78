// What the simulation reports: something happened that must not happen.

export class Violation extends Error {
  override readonly name = "Violation";
}

export function violation(what: string): never {
  throw new Violation(what);
}
