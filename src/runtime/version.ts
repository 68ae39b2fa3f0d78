/** The version of this project, as in package.json and deno.json. */
export const VERSION = "0.1.0";
