// Errors of the platform that mean "not permitted", as an error of this library.

import { missingFlag } from "../runtime/permission.ts";
import { PermissionError } from "./errors.ts";

/** A PermissionError that names what was to be done, when the error says that a permission is missing; else the error itself. */
export function explained(what: string, error: unknown): unknown {
  const flag = missingFlag(error);
  return flag === null ? error : new PermissionError(what, flag, error as Error);
}

/** Runs something that may need a permission. Rejects with a PermissionError when it was not given. */
export async function permitted<T>(what: string, attempt: () => T | Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw explained(what, error);
  }
}
