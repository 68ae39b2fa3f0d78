// From checked options to a running server: binds, gives up root, wires signals, and says where it listens.

import process from "node:process";
import type { HttpPort } from "../http/serve_http.ts";
import type { Address, Listen, Listener } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Server } from "../server/server.ts";
import { takeActivation } from "./activation.ts";
import { announce } from "./announce.ts";
import { connectionLimit, httpConnectionLimit, systemOpenFilesLimit } from "./descriptors.ts";
import { createServer } from "./create_server.ts";
import { EXIT_OK, EXIT_SOCKET } from "./exit_codes.ts";
import { openFurther } from "./further_listeners.ts";
import { openHttp } from "./open_http.ts";
import type { Io, Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { becomeUser } from "./privileges.ts";
import { openSecurity, type Security, TOKENS_VARIABLE } from "./security.ts";
import { openSockets, type Sockets } from "./sockets.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { prepareUnixSocket } from "./unix_socket.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** Starts the server. Answers a problem when it cannot; otherwise it runs until a signal ends the process. */
export async function serve(options: Options, printer: Printer): Promise<StartProblem | null> {
  const security = openSecurity(options, process.env[TOKENS_VARIABLE], printer);
  if (security.kind === "problem") return security;
  const { gate, tls } = security;
  const place = await placeToListen(options);
  if (place.kind === "problem") return place;
  place.warnings.forEach((warning) => printer.warn(warning));

  const openFiles = systemOpenFilesLimit();
  const httpConnections = options.http === null ? 0 : httpConnectionLimit(openFiles);
  const { connections, warning } = connectionLimit(
    options.maxConnections,
    openFiles === null ? null : openFiles - httpConnections,
  );
  if (warning !== null) printer.warn(warning);
  const sockets = await socketsFor(options.io);
  if ("problem" in sockets) return sockets;
  const { clock } = sockets;
  let server: Server | null = null;
  const listeners: Listener[] = [];
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
    for (const listener of listeners) listener.close();
    http?.close();
    if (server === null) return exit();
    void server.end().then(exit);
  };
  const drain = (): void => {
    isDrainWanted = true;
    server?.drain();
  };
  // Before listening: whoever has connected may already send signals.
  onSignals(leave, drain, security);
  const listen = (address: Address): Listen =>
    tls === null || address.kind === "unix" ? sockets.listen : tls.listen;
  const opened = await openHttp(options, security, printer, httpConnections);
  if (opened !== null && "problem" in opened) return opened;
  http = opened;
  const main = await openMain(place.address, listen(place.address), waiting);
  if ("problem" in main) return main;
  listeners.push(main);
  place.bound();
  const fail = (problem: StartProblem): StartProblem => {
    for (const listener of listeners) listener.close();
    http?.close();
    place.cleanup();
    return problem;
  };
  const change = options.user === null ? null : becomeUser(options.user);
  if (change?.kind === "problem") return fail(change);

  const created = await createServer(options, clock, connections, gate, printer, leave, http);
  if ("problem" in created) return fail(created);
  server = created;
  const kind = place.address.kind === "unix" ? "unix" : "tcp";
  waiting.admit((transport) => created.acceptAs(kind, transport));
  if (isDrainWanted) server.drain();
  const further = await openFurther(options.listenAs, listen, server);
  if ("problem" in further) {
    await server.end();
    return fail(further);
  }
  listeners.push(...further);
  http?.begin(server);
  announce(options, listeners.map(({ address }) => address), http, security, printer);
  return null;
}

async function socketsFor(io: Io): Promise<Sockets | StartProblem> {
  try {
    return await openSockets(io);
  } catch (error) {
    return startProblem(EXIT_SOCKET, `--io ${io} cannot be had: ${reasonOf(error)}`);
  }
}

function onSignals(leave: (exitCode: number) => void, drain: () => void, security: Security): void {
  process.on("SIGTERM", () => leave(EXIT_OK));
  process.on("SIGINT", () => leave(EXIT_OK));
  process.on("SIGUSR1", drain);
  if (security.gate !== null || security.tls !== null) process.on("SIGHUP", () => security.reload());
}

async function openMain(
  address: Address,
  listen: Listen,
  waiting: WaitingRoom,
): Promise<Listener | StartProblem> {
  try {
    return await listen(address, waiting.accept);
  } catch (error) {
    return startProblem(EXIT_SOCKET, `cannot listen on ${describeAddress(address)}: ${reasonOf(error)}`);
  }
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
