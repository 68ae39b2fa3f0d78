// The version, as in package.json and deno.json (a test holds the three together).

export const VERSION = "0.1.0";
