// From checked options to a running server: binds, gives up root, wires signals, and says where it listens.

import process from "node:process";
import { Engine } from "../core/engine.ts";
import type { SyncPolicy } from "../journal/binlog.ts";
import type { Address, Listener } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import { ConnectionLog } from "../server/log.ts";
import { Server } from "../server/server.ts";
import { takeActivation } from "./activation.ts";
import { connectionLimit, systemOpenFilesLimit } from "./descriptors.ts";
import { EXIT_BINLOG, EXIT_OK, EXIT_SOCKET } from "./exit_codes.ts";
import { gatherFacts, randomSeed } from "./facts.ts";
import { openBinlog } from "./open_binlog.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { becomeUser } from "./privileges.ts";
import { bestCopy, openSockets, runtimeName, type Sockets, tuneMemory } from "./runtime.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { prepareUnixSocket } from "./unix_socket.ts";

/** Starts the server. Answers a problem when it cannot; otherwise it runs until a signal ends the process. */
export async function serve(options: Options, printer: Printer): Promise<StartProblem | null> {
  const place = await placeToListen(options);
  if (place.kind === "problem") return place;
  place.warnings.forEach((warning) => printer.warn(warning));

  const { connections, warning } = connectionLimit(options.maxConnections, systemOpenFilesLimit());
  if (warning !== null) printer.warn(warning);
  let sockets: Sockets;
  try {
    sockets = await openSockets(options.io);
  } catch (error) {
    return startProblem(EXIT_SOCKET, `--io ${options.io} cannot be had: ${reasonOf(error)}`);
  }
  const { clock, listenFor } = sockets;
  let server: Server | null = null;
  let listener: Listener | null = null;
  let isDrainWanted = false;
  const leave = (exitCode: number): void => {
    listener?.close();
    server?.stop();
    place.cleanup();
    process.exit(exitCode);
  };
  // Before listening: whoever has connected may already send signals.
  process.on("SIGTERM", () => leave(EXIT_OK));
  process.on("SIGINT", () => leave(EXIT_OK));
  process.on("SIGUSR1", () => {
    isDrainWanted = true;
    server?.drain();
  });
  try {
    // Whoever connects now waits until the jobs are back: nothing below gives the turn away before there is a server.
    listener = await listenFor(place.address)(place.address, (transport) => server!.accept(transport));
  } catch (error) {
    return startProblem(
      EXIT_SOCKET,
      `cannot listen on ${describeAddress(place.address)}: ${reasonOf(error)}`,
    );
  }
  place.bound();
  const fail = (problem: StartProblem): StartProblem => {
    listener?.close();
    place.cleanup();
    return problem;
  };
  const change = options.user === null ? null : becomeUser(options.user);
  if (change?.kind === "problem") return fail(change);

  tuneMemory();
  const engine = new Engine({
    maxMemoryBytes: options.maxMemoryBytes ?? undefined,
    seed: randomSeed(),
    copy: bestCopy(),
  });
  const startedAt = clock.now();
  const { binlogDir } = options;
  const binlog = binlogDir === null ? null : openBinlog(binlogDir, engine, options, startedAt, printer);
  if (binlog !== null && "problem" in binlog) return fail(binlog);

  server = new Server({
    engine,
    journal: binlog ?? undefined,
    clock,
    facts: gatherFacts(options, startedAt, () => server!.journal.facts),
    maxConnections: connections,
    log: options.verbosity > 0 ? new ConnectionLog(options.verbosity, (line) => printer.say(line)) : null,
    onDrained: () => options.drainExit && leave(EXIT_OK),
    onFailed: (error) => {
      printer.warn(
        `the binlog failed: ${error.message}; stopped, and replies that waited for it were not sent`,
      );
      leave(EXIT_BINLOG);
    },
  });
  if (isDrainWanted) server.drain();
  const where = describeAddress(listener.address);
  if (options.verbosity > 0) {
    printer.say(`pid ${process.pid}`);
    printer.say(`bind ${where}`);
  }
  const kept = binlogDir === null
    ? "jobs in memory"
    : `binlog in ${binlogDir}, ${describeSync(options.sync)}`;
  printer.say(
    `runnerbean: listening on ${where} (${runtimeName()}${
      options.io === "epoll" ? " with epoll" : ""
    }, ${kept})`,
  );
  return null;
}

function describeSync(sync: SyncPolicy): string {
  if (sync.kind === "interval") return `synced every ${sync.ms} ms`;
  return sync.kind === "always" ? "synced before replies" : "syncing left to the system";
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
