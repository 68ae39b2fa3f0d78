// The words that follow the program's name, exactly as they were typed.
import { readFileSync } from "node:fs";
import process from "node:process";

/**
 * process.argv, with what Bun (1.4) takes away put back: it swallows a "--" that is the first word after the script,
 * so that a line which is a mistake on the other runtimes would start a server with whatever follows.
 */
export function commandLineWords(): string[] {
  const words = process.argv.slice(2);
  return process.versions.bun ? withLeadingDashes(words, systemCommandLine()) : words;
}

/** The words with a "--" in front when that is what stands before them on the whole command line. */
export function withLeadingDashes(words: readonly string[], commandLine: readonly string[]): string[] {
  const start = commandLine.length - words.length;
  const isTail = start > 0 && words.every((word, i) => commandLine[start + i] === word);
  return isTail && commandLine[start - 1] === "--" ? ["--", ...words] : [...words];
}

function systemCommandLine(): string[] {
  try {
    return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}
