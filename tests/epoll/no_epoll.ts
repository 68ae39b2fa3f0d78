// Whether `--io epoll` can be had here, for `skip`.
import process from "node:process";
import { RUNTIME } from "../support/runtime.ts";

async function reasonToSkip(): Promise<string | false> {
  const { platform, arch } = process;
  if (platform !== "linux" || (arch !== "x64" && arch !== "arm64")) {
    return `epoll is there on Linux (x64, arm64) only, and this is ${platform} (${arch})`;
  }
  if (RUNTIME !== "node") return false;
  const module = "node:ffi";
  return await import(module).then(() => false, () => `node:ffi is not in Node ${process.versions.node}`);
}

/** Why it cannot be had, which is printed; or false. */
export const NO_EPOLL: string | false = await reasonToSkip();
if (NO_EPOLL) console.log(`skipped: ${NO_EPOLL}`);
