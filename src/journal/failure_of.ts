// Failures in callbacks, where nobody would catch them: they are handed on instead, to the one end that all failures have.

/** What an action throws, or null. */
export function failureOf(act: () => void): Error | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
