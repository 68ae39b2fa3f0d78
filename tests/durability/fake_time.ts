// A server whose machine's clock stands elsewhere, or is stepped while it runs: libfaketime, preloaded. Its monotonic clock is
// left alone, as a step of a real machine leaves it.
import process from "node:process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = "/usr/lib";
const LIBRARY = "faketime/libfaketimeMT.so.1";

/** Path of the library, or "" when it is not installed. */
export function findFakeTime(): string {
  if (process.platform !== "linux") return "";
  const folders = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  return folders.map((name) => join(FOLDER, name, LIBRARY)).find((path) => existsSync(path)) ?? "";
}

/** What a test passes as `skip`; printed. With CI=true it is not skipped, and fails by {@link FakeTime}. */
export function skipWithoutFakeTime(): string | false {
  if (findFakeTime() !== "" || process.env.CI === "true") return false;
  const reason = "libfaketime is not installed (Debian package faketime)";
  console.log(`skipped: ${reason}`);
  return reason;
}

/** The clock of a machine, kept in a file that the library reads. */
export class FakeTime {
  private readonly file: string;
  private readonly library = findFakeTime();

  constructor(file: string) {
    if (this.library === "") throw new Error("libfaketime is missing: install the Debian package faketime");
    this.file = file;
    this.set(0);
  }

  /** Sets it so many seconds ahead of the machine's own. */
  set(seconds: number): void {
    writeFileSync(this.file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  }

  /** For a process that shall have this clock. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  }
}
