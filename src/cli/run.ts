// What the program does: reads the command line, starts the server or does what a verb says, leaves with the reference's
// exit codes.

import process from "node:process";
import { saveCompiled } from "./compiled_modules.ts";
import { EXIT_OK, EXIT_PERMISSION, EXIT_USAGE } from "./exit_codes.ts";
import { missingFlag } from "../runtime/permission.ts";
import { parseOptions } from "./parse_options.ts";
import { serve } from "./serve.ts";
import { systemServicePort } from "./service_port.ts";
import { USAGE } from "./usage.ts";
import { isVerbLine } from "./verbs/verb.ts";
import { VERSION } from "./version.ts";
import { commandLineWords } from "./words.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const warn = (line: string): void => void process.stderr.write(`runnerbean: ${line}\n`);

async function main(): Promise<number | null> {
  const words = commandLineWords();
  if (isVerbLine(words)) {
    const { runVerb } = await import("./verbs/verbs.ts"); // a server starts quicker without
    return await runVerb(words, { say, warn }, () => process.stderr.write(USAGE));
  }
  const parsed = parseOptions(words, process.env, systemServicePort);
  parsed.warnings.forEach(warn);
  switch (parsed.kind) {
    case "help":
      process.stderr.write(USAGE);
      return EXIT_OK;
    case "version":
      say(`runnerbean ${VERSION}`);
      return EXIT_OK;
    case "problem":
      warn(parsed.problem);
      if (parsed.exitCode === EXIT_USAGE) process.stderr.write(USAGE);
      return parsed.exitCode;
    default: {
      const problem = await serve(parsed.options, { say, warn });
      if (problem === null) return null;
      warn(problem.problem);
      return problem.exitCode;
    }
  }
}

/** Runs the program. Returns when the server runs; in all other cases it ends the process. */
export async function run(): Promise<void> {
  const exitCode = await main().catch(refusedPermission);
  if (exitCode !== null) process.exit(exitCode);
  saveCompiled();
}

/** The exit code when the runtime did not allow something; any other error is a bug and goes on. */
function refusedPermission(error: unknown): number {
  if (missingFlag(error) === null) throw error;
  warn(
    `the runtime does not permit this: ${(error as Error).message} (docs/RUNTIMES.md says what is needed)`,
  );
  return EXIT_PERMISSION;
}
