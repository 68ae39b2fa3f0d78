// Real file systems of a few megabytes, mounted for a test and unmounted after it. Needs root on Linux.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { requireProgram } from "../support/runtime.ts";

export type SmallDiskKind = "tmpfs" | "ext4";

const MIB = 1_048_576;

/**
 * What a test passes as `skip`: a printed reason when this process may not mount. Being allowed to is no component that
 * could be installed, so CI=true changes nothing; but the programs must be there then.
 */
export function skipWithoutMount(kind: SmallDiskKind): string | false {
  if (process.env.CI === "true" && kind === "ext4") requireProgram("mkfs.ext4", "e2fsprogs");
  const reason = whyNot(kind);
  if (reason !== null) console.log(`skipped: ${reason}`);
  return reason ?? false;
}

function whyNot(kind: SmallDiskKind): string | null {
  if (process.platform !== "linux") return "small file systems are mounted on Linux only";
  if (process.getuid?.() !== 0) return "mounting needs root";
  try {
    const { unmount } = mount(kind, 2);
    unmount();
    return null;
  } catch (error) {
    return `${kind} cannot be mounted here: ${(error as Error).message.trim().split("\n").at(-1)}`;
  }
}

/** Runs the work in a directory on a file system of so many megabytes of its own. */
export async function withSmallDisk<T>(
  kind: SmallDiskKind,
  megabytes: number,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const { directory, unmount } = mount(kind, megabytes);
  try {
    return await work(directory);
  } finally {
    unmount();
  }
}

function mount(kind: SmallDiskKind, megabytes: number): { directory: string; unmount: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-small-disk-"));
  const point = join(folder, "mounted");
  const image = join(folder, "image");
  mkdirSync(point);
  const run = (command: string, ...args: string[]): void =>
    void execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  const clean = (): void => {
    rmSync(image, { force: true });
    rmdirSync(point);
    rmdirSync(folder);
  };
  try {
    if (kind === "tmpfs") run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", point);
    else {
      writeFileSync(image, new Uint8Array(megabytes * MIB));
      run("mkfs.ext4", "-q", "-m", "0", image);
      run("mount", "-o", "loop", image, point);
    }
  } catch (error) {
    clean();
    throw error;
  }
  // ext4 has a lost+found of its own: the log gets a directory below.
  const directory = join(point, "log");
  mkdirSync(directory);
  const unmount = (): void => {
    run("umount", point);
    clean();
  };
  return { directory, unmount };
}
