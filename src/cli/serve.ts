// From checked options to a running server: binds, gives up root, wires signals, and says where it listens.

import process from "node:process";
import type { Address, Listener } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import { ConnectionLog } from "../server/log.ts";
import { Server } from "../server/server.ts";
import { takeActivation } from "./activation.ts";
import { connectionLimit, systemOpenFilesLimit } from "./descriptors.ts";
import { EXIT_FAILURE, EXIT_OK, EXIT_SOCKET } from "./exit_codes.ts";
import { gatherFacts, randomSeed } from "./facts.ts";
import type { Options } from "./options.ts";
import { becomeUser } from "./privileges.ts";
import { listenFor, runtimeClock, runtimeName } from "./runtime.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { prepareUnixSocket } from "./unix_socket.ts";

/** What the command line prints to, without line ends. */
export interface Printer {
  say(line: string): void;
  warn(line: string): void;
}

/** Starts the server. Answers a problem when it cannot; otherwise it runs until a signal ends the process. */
export async function serve(options: Options, printer: Printer): Promise<StartProblem | null> {
  if (options.binlogDir !== null) {
    return startProblem(EXIT_FAILURE, "-b: this version keeps jobs in memory only; start it without -b");
  }
  const place = await placeToListen(options);
  if (place.kind === "problem") return place;
  place.warnings.forEach((warning) => printer.warn(warning));

  const { connections, warning } = connectionLimit(options.maxConnections, systemOpenFilesLimit());
  if (warning !== null) printer.warn(warning);
  const clock = await runtimeClock();
  const server = new Server({
    clock,
    facts: gatherFacts(options, clock.now()),
    maxConnections: connections,
    maxMemoryBytes: options.maxMemoryBytes ?? undefined,
    seed: randomSeed(),
    log: options.verbosity > 0 ? new ConnectionLog(options.verbosity, (line) => printer.say(line)) : null,
    onDrained: () => options.drainExit && leave(),
  });

  let listener: Listener | null = null;
  const leave = (): void => {
    listener?.close();
    server.stop();
    place.cleanup();
    process.exit(EXIT_OK);
  };
  // Before listening: whoever has connected may already send signals.
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
  process.on("SIGUSR1", () => server.drain());
  try {
    listener = await listenFor(place.address)(place.address, server.accept);
  } catch (error) {
    return startProblem(
      EXIT_SOCKET,
      `cannot listen on ${describeAddress(place.address)}: ${reasonOf(error)}`,
    );
  }
  place.bound();
  if (options.user !== null) {
    const change = becomeUser(options.user);
    if (change.kind === "problem") {
      place.cleanup();
      return change;
    }
  }
  const where = describeAddress(listener.address);
  if (options.verbosity > 0) {
    printer.say(`pid ${process.pid}`);
    printer.say(`bind ${where}`);
  }
  printer.say(`runnerbean: listening on ${where} (${runtimeName()}, jobs in memory)`);
  return null;
}

interface Place {
  readonly kind: "place";
  readonly address: Address;
  readonly warnings: readonly string[];
  bound(): void;
  cleanup(): void;
}

const NOTHING = (): void => {};

async function placeToListen(options: Options): Promise<Place | StartProblem> {
  const activation = takeActivation(options, process.env, process.pid);
  if (activation.kind === "problem") return activation;
  if (activation.kind === "inherited") {
    const { fd, warnings } = activation;
    return { kind: "place", address: { kind: "descriptor", fd }, warnings, bound: NOTHING, cleanup: NOTHING };
  }
  const address = options.listen;
  if (address.kind === "tcp") {
    return { kind: "place", address, warnings: [], bound: NOTHING, cleanup: NOTHING };
  }
  const socket = await prepareUnixSocket(address.path);
  return socket.kind === "problem" ? socket : { ...socket, kind: "place", address };
}
