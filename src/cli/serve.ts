// From checked options to a running server: binds, gives up root, wires signals, and says where it listens.

import process from "node:process";
import { areReservesFull } from "../adapters/node/descriptor_reserve.ts";
import type { HttpPort } from "../http/serve_http.ts";
import type { Address, Listen, Listener } from "../ports/transport.ts";
import { Refusals } from "../server/refusals.ts";
import type { Server } from "../server/server.ts";
import { takeActivation } from "./activation.ts";
import { announce } from "./announce.ts";
import { type DescriptorBudget, shareDescriptors, systemOpenFiles } from "./descriptors.ts";
import { createServer } from "./create_server.ts";
import { EXIT_FAILURE, EXIT_OK, EXIT_SOCKET } from "./exit_codes.ts";
import { openFurther } from "./further_listeners.ts";
import { mainRequests, openMain } from "./main_listeners.ts";
import { openHttp } from "./open_http.ts";
import type { Io, Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { becomeUser } from "./privileges.ts";
import { RefusalLog } from "./refusal_log.ts";
import { openSecurity, type Security, TOKENS_VARIABLE } from "./security.ts";
import { openSockets, type Sockets } from "./sockets.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** Starts the server. Answers a problem when it cannot; otherwise it runs until a signal ends the process. */
export async function serve(options: Options, printer: Printer): Promise<StartProblem | null> {
  const security = openSecurity(options, process.env[TOKENS_VARIABLE], printer);
  if (security.kind === "problem") return security;
  const { gate, tls } = security;
  const activation = takeActivation(options, process.env, process.pid);
  if (activation.kind === "problem") return activation;
  if (activation.kind === "inherited") activation.warnings.forEach(printer.warn);
  const requests = mainRequests(options, activation);

  const budget = budgetOf(options, requests.length);
  if (budget.problem !== null) return startProblem(EXIT_FAILURE, budget.problem);
  if (budget.warning !== null) printer.warn(budget.warning);
  const textListeners = requests.length + options.listenAs.length;
  if (tls !== null) tls.textHandshakes = Math.max(1, Math.floor(budget.handshakes / textListeners));
  const sockets = await socketsFor(options.io);
  if ("problem" in sockets) return sockets;
  const { clock } = sockets;
  const refusals = new Refusals(() => performance.now(), new RefusalLog(printer.warn));
  let server: Server | null = null;
  const listeners: Listener[] = [];
  let http: HttpPort | null = null;
  let isDrainWanted = false;
  let isLeaving = false;
  const waiting = new WaitingRoom(budget.connections, refusals, areReservesFull);
  const close = (): void => {
    for (const listener of listeners) listener.close();
    void http?.close();
  };
  const leave = (exitCode: number): void => {
    const exit = (): void => process.exit(exitCode);
    if (isLeaving) return exit(); // who asks twice does not wait for a slow KV
    isLeaving = true;
    for (const listener of listeners) listener.close();
    // What has run is answered as the journal has it; so the HTTP port closes last.
    http?.refuse();
    const ended = server === null ? http?.close() : server.end().then(() => http?.finish());
    void Promise.resolve(ended).then(exit);
  };
  const drain = (): void => {
    isDrainWanted = true;
    server?.drain();
  };
  // Before listening: whoever has connected may already send signals.
  onSignals(leave, drain, security);
  const fail = (problem: StartProblem): StartProblem => {
    close();
    return problem;
  };
  const listen = (kind: Address["kind"]): Listen => {
    const open = tls === null || kind === "unix" ? sockets.listen : tls.listen;
    return (address, accept) => open(address, accept, refusals);
  };
  const opened = await openHttp(options, security, refusals, printer, budget.httpConnections);
  if (opened !== null && "problem" in opened) return opened;
  http = opened?.http ?? null;
  const main = await openMain(requests, listen, waiting);
  if ("problem" in main) return fail(main);
  listeners.push(...main);
  for (const { warnings } of main) warnings.forEach(printer.warn);
  const change = options.user === null ? null : becomeUser(options.user);
  if (change?.kind === "problem") return fail(change);

  const created = await createServer(options, clock, budget, gate, refusals, printer, leave, http);
  if ("problem" in created) return fail(created);
  server = created;
  waiting.admit((transport, kind) => created.acceptAs(kind, transport));
  if (isDrainWanted) server.drain();
  const further = await openFurther(options.listenAs, listen, server);
  if ("problem" in further) {
    await server.end();
    return fail(further);
  }
  listeners.push(...further);
  for (const { warnings } of further) warnings.forEach(printer.warn);
  http?.begin(server);
  const bound = { main: main.map(addressOf), further: further.map(addressOf), http: opened?.address ?? null };
  announce(options, bound, security, printer);
  return null;
}

function addressOf({ address }: Listener): Address {
  return address;
}

function budgetOf(options: Options, mainListeners: number): DescriptorBudget {
  const { maxConnections, listenAs, http, tlsCert, binlogDir, kv } = options;
  return shareDescriptors({
    maxConnections,
    listeners: mainListeners + listenAs.length + (http === null ? 0 : 1),
    hasHttp: http !== null,
    hasTls: tlsCert !== null,
    store: binlogDir !== null ? "binlog" : kv !== null ? "kv" : "memory",
  }, systemOpenFiles());
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
