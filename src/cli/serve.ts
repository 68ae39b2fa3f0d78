// From checked options to a running server: binds, gives up root, wires signals, and says where it listens.

import process from "node:process";
import type { HttpPort } from "../http/serve_http.ts";
import type { SyncPolicy } from "../journal/binlog.ts";
import type { Address, Listen, Listener } from "../ports/transport.ts";
import { describeAddress } from "../ports/transport.ts";
import type { Server } from "../server/server.ts";
import { takeActivation } from "./activation.ts";
import { connectionLimit, systemOpenFilesLimit } from "./descriptors.ts";
import { createServer } from "./create_server.ts";
import { EXIT_OK, EXIT_SOCKET } from "./exit_codes.ts";
import { openFurther } from "./further_listeners.ts";
import { exposures } from "./exposure.ts";
import { openHttp } from "./open_http.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { becomeUser } from "./privileges.ts";
import { openSockets, runtimeName, type Sockets } from "./runtime.ts";
import { openSecurity, TOKENS_VARIABLE } from "./security.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { prepareUnixSocket } from "./unix_socket.ts";

/** Starts the server. Answers a problem when it cannot; otherwise it runs until a signal ends the process. */
export async function serve(options: Options, printer: Printer): Promise<StartProblem | null> {
  const security = openSecurity(options, process.env[TOKENS_VARIABLE], printer);
  if (security.kind === "problem") return security;
  const { gate, tls } = security;
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
  const listeners: Listener[] = [];
  let http: HttpPort | null = null;
  let isDrainWanted = false;
  const leave = (exitCode: number): void => {
    for (const listener of listeners) listener.close();
    http?.close();
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
  if (gate !== null || tls !== null) process.on("SIGHUP", () => security.reload());
  const listen = (address: Address): Listen =>
    tls === null || address.kind === "unix" ? listenFor(address) : tls.listen;
  const opened = await openHttp(options, security, printer);
  if (opened !== null && "problem" in opened) return opened;
  http = opened;
  try {
    // Whoever connects now waits until the jobs are back: nothing below gives the turn away before there is a server.
    const kind = place.address.kind === "unix" ? "unix" : "tcp";
    listeners.push(
      await listen(place.address)(place.address, (transport) => server!.acceptAs(kind, transport)),
    );
  } catch (error) {
    return startProblem(
      EXIT_SOCKET,
      `cannot listen on ${describeAddress(place.address)}: ${reasonOf(error)}`,
    );
  }
  place.bound();
  const fail = (problem: StartProblem): StartProblem => {
    for (const listener of listeners) listener.close();
    http?.close();
    place.cleanup();
    return problem;
  };
  const change = options.user === null ? null : becomeUser(options.user);
  if (change?.kind === "problem") return fail(change);

  const created = createServer(options, clock, connections, gate, printer, leave);
  if ("problem" in created) return fail(created);
  server = created;
  if (isDrainWanted) server.drain();
  const further = await openFurther(options.listenAs, listen, server);
  if ("problem" in further) {
    server.stop();
    return fail(further);
  }
  listeners.push(...further);
  http?.begin(server);
  announce(options, listeners.map((listener) => listener.address), tls !== null, printer);
  exposures(options, listeners.map((listener) => listener.address), gate !== null).forEach(printer.warn);
  if (http !== null) {
    printer.say(
      `runnerbean: HTTP API on http://${
        describeAddress({ kind: "tcp", host: options.http!.host, port: http.port })
      }`,
    );
  }
  return null;
}

function announce(
  options: Options,
  [address, ...further]: readonly Address[],
  hasTls: boolean,
  printer: Printer,
): void {
  const where = describeAddress(address);
  if (options.verbosity > 0) {
    printer.say(`pid ${process.pid}`);
    printer.say(`bind ${where}`);
  }
  const { binlogDir } = options;
  const kept = binlogDir === null
    ? "jobs in memory"
    : `binlog in ${binlogDir}, ${describeSync(options.sync)}`;
  const io = options.io === "epoll" ? " with epoll" : "";
  const tls = hasTls && address.kind !== "unix" ? " with TLS" : "";
  printer.say(`runnerbean: listening on ${where}${tls} (${runtimeName()}${io}, ${kept})`);
  for (const [i, each] of further.entries()) {
    printer.say(`runnerbean: listening on ${describeAddress(each)} as ${options.listenAs[i].identity}`);
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
