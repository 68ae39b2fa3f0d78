// How the verbs that look at a running server reach it, and what they all can be told.

import { readFileSync } from "node:fs";
import process from "node:process";
import { DisconnectedError, QueueError } from "../../../client/errors.ts";
import { type Client, connect } from "../../../client/connect.ts";
import type { ConnectOptions } from "../../../client/connect.ts";
import { EXIT_FAILURE, EXIT_SOCKET, EXIT_USAGE } from "../../exit_codes.ts";
import { reasonOf } from "../../start_problem.ts";
import type { SaidFlags } from "../verb.ts";
import { VerbProblem } from "../verb.ts";

const DEFAULT_SERVER = "127.0.0.1:11300";

/** The flags of every verb that reaches a server. A token is never one of them: other users see command lines. */
export const SERVER_FLAGS: Readonly<Record<string, string | null>> = {
  "server": "ADDR",
  "token-file": "FILE",
  "tls": null,
  "tls-ca": "FILE",
  "json": null,
};

/** Connects to the server that the flags or RUNNERBEAN_SERVER name, works, and closes. */
export async function withQueue(
  flags: SaidFlags,
  work: (queue: Client) => Promise<number>,
  patience: Pick<ConnectOptions, "replyTimeoutMs"> = {},
): Promise<number> {
  const text = flags.get("server") ?? process.env.RUNNERBEAN_SERVER ?? DEFAULT_SERVER;
  const options = { ...connectOptions(text, flags), ...patience };
  const seenEnough = (): void => {}; // a reader that hangs up is no reason for a trace
  process.stdout.on("error", seenEnough);
  try {
    await using queue = await connect(options);
    const exitCode = await work(queue);
    await new Promise((resolve) => process.stdout.write("", resolve));
    return exitCode;
  } catch (error) {
    if (error instanceof DisconnectedError) throw new VerbProblem(EXIT_SOCKET, `${text}: ${error.message}`);
    if (error instanceof QueueError) {
      const isAsked = error.code === "BAD_FORMAT"; // a name that no tube can have
      throw new VerbProblem(isAsked ? EXIT_USAGE : EXIT_FAILURE, error.message);
    }
    throw error;
  } finally {
    process.stdout.off("error", seenEnough);
  }
}

/** What the flags say about the server. */
export function connectOptions(text: string, flags: SaidFlags): ConnectOptions {
  const token = tokenFrom(flags);
  const ca = flags.get("tls-ca");
  const tls = ca === undefined ? (flags.has("tls") ? {} : undefined) : { ca: readText("--tls-ca", ca) };
  return { ...serverAddress(text), token, tls };
}

/** HOST:PORT, HOST, a port alone, [IPv6]:PORT or unix:PATH. */
export function serverAddress(text: string): { host?: string; port?: number; path?: string } {
  if (text.startsWith("unix:") && text.length > 5) return { path: text.slice(5) };
  if (/^\d{1,5}$/.test(text)) return serverAddress(`127.0.0.1:${text}`);
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? 11300);
  if (match === null || port < 1 || port > 65_535) {
    throw new VerbProblem(
      EXIT_USAGE,
      `--server: expected HOST:PORT or unix:PATH, got ${JSON.stringify(text)}`,
    );
  }
  return { host: match[1] ?? match[2], port };
}

function tokenFrom(flags: SaidFlags): string | undefined {
  const file = flags.get("token-file");
  if (file === undefined) return process.env.RUNNERBEAN_TOKEN || undefined;
  const token = readText("--token-file", file).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new VerbProblem(EXIT_USAGE, `--token-file: ${file} does not hold one token and nothing else`);
  }
  return token;
}

function readText(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new VerbProblem(EXIT_USAGE, `${flag}: ${reasonOf(error)}`);
  }
}

/** A flag's or argument's whole number. */
export function wholeNumber(what: string, text: string, least: number, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const range = `a whole number from ${least} to ${most}`;
  throw new VerbProblem(EXIT_USAGE, `${what}: expected ${range}, got ${JSON.stringify(text)}`);
}

/** The number that a flag gives, or undefined when it was not said. */
export function numberFlag(flags: SaidFlags, name: string, least: number, most: number): number | undefined {
  const text = flags.get(name);
  return text === undefined ? undefined : wholeNumber(`--${name}`, text, least, most);
}
