/** The server broke its promise. */
export class Violation extends Error {
  override readonly name = "Violation";
}

export function violation(what: string): never {
  throw new Violation(what);
}
