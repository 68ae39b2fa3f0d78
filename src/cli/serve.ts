// From checked options to a running server: binds, gives up root, wires signals, and says where it listens.

import process from "node:process";
import type { HttpPort } from "../http/serve_http.ts";
import type { SyncPolicy } from "../journal/binlog.ts";
import type { Address, Listener } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Server } from "../server/server.ts";
import { takeActivation } from "./activation.ts";
import { connectionLimit, systemOpenFilesLimit } from "./descriptors.ts";
import { createServer } from "./create_server.ts";
import { EXIT_OK, EXIT_SOCKET } from "./exit_codes.ts";
import { openHttp } from "./open_http.ts";
import type { Options } from "./options.ts";

import type { Printer } from "./printer.ts";
import { becomeUser } from "./privileges.ts";
import { openSockets, runtimeName, type Sockets } from "./runtime.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { prepareUnixSocket } from "./unix_socket.ts";
import { WaitingRoom } from "./waiting_room.ts";

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
  let http: HttpPort | null = null;
  let isDrainWanted = false;
  let isLeaving = false;
  const waiting = new WaitingRoom();
  const leave = (exitCode: number): void => {
    const exit = (): void => {
      place.cleanup();
      process.exit(exitCode);
    };
    if (isLeaving) return exit(); // who asks twice does not wait for a slow KV
    isLeaving = true;
    listener?.close();
    http?.close();
    if (server === null) return exit();
    void server.end().then(exit);
  };
  // Before listening: whoever has connected may already send signals.
  process.on("SIGTERM", () => leave(EXIT_OK));
  process.on("SIGINT", () => leave(EXIT_OK));
  process.on("SIGUSR1", () => {
    isDrainWanted = true;
    server?.drain();
  });
  const opened = await openHttp(options, printer);
  if (opened !== null && "problem" in opened) return opened;
  http = opened;
  try {
    listener = await listenFor(place.address)(place.address, waiting.accept);
  } catch (error) {
    return startProblem(
      EXIT_SOCKET,
      `cannot listen on ${describeAddress(place.address)}: ${reasonOf(error)}`,
    );
  }
  place.bound();
  const fail = (problem: StartProblem): StartProblem => {
    listener?.close();
    http?.close();
    place.cleanup();
    return problem;
  };
  const change = options.user === null ? null : becomeUser(options.user);
  if (change?.kind === "problem") return fail(change);

  const created = await createServer(options, clock, connections, printer, leave, http);
  if ("problem" in created) return fail(created);
  server = created;
  const kind = place.address.kind === "unix" ? "unix" : "tcp";
  waiting.admit((transport) => created.acceptAs(kind, transport));
  if (isDrainWanted) server.drain();
  http?.begin(server);
  announce(options, listener.address, http, printer);
  return null;
}

function announce(options: Options, address: Address, http: HttpPort | null, printer: Printer): void {
  const where = describeAddress(address);
  if (options.verbosity > 0) {
    printer.say(`pid ${process.pid}`);
    printer.say(`bind ${where}`);
  }
  const { binlogDir, kv } = options;
  let kept = "jobs in memory";
  if (binlogDir !== null) kept = `binlog in ${binlogDir}, ${describeSync(options.sync)}`;
  if (kv !== null) kept = `jobs in the KV ${kv}`;
  const io = options.io === "epoll" ? " with epoll" : "";
  printer.say(`runnerbean: listening on ${where} (${runtimeName()}${io}, ${kept})`);
  if (http !== null) {
    const at = describeAddress({ kind: "tcp", host: options.http!.host, port: http.port });
    printer.say(`runnerbean: HTTP API on http://${at}`);
  }
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
