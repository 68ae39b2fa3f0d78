// The version, as in package.json and deno.json (a test holds the three together).

export { VERSION } from "../runtime/version.ts";
