// Plays one transcript case against a server process of its own and says how it failed.
import process from "node:process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { startProcess } from "../support/server_process.ts";
import { sleep } from "../support/runtime.ts";
import type { Ports } from "./ports.ts";
import type { Action, Step, TranscriptCase, Within } from "./transcript.ts";

/** How long an answer may take when the case does not say. */
const ANSWER_MS = 10_000;
/** How long a server may take to accept its first connection. */
const START_MS = 60_000;
/** At the end every connection must stay quiet this long. */
const SETTLE_MS = 25;

/** How servers are started. */
export interface Launch {
  /** `-l 127.0.0.1 -p PORT` and the case's arguments are added. */
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  readonly ports: Ports;
}

interface Connection {
  readonly client: WireClient;
  sentAt: number;
}

type Server = ReturnType<typeof startProcess>;

/** A server started for one case. Its first connection is the case's own: nothing has probed the counters. */
interface Stage {
  port: number;
  server: Server;
  serverArgs: readonly string[];
  readonly connections: Map<string, Connection>;
  /** The connection made to see that the server is up; the first label takes it. */
  spare: WireClient | null;
  /** What `${DIR}` stands for; "" when the case has no use for it. */
  readonly directory: string;
}

class CaseFailure extends Error {}

/** Bytes as a reader of the transcript knows them, shortened in the middle when long. */
export function showBytes(bytes: string): string {
  const shown = bytes.length > 400
    ? `${bytes.slice(0, 250)} … ${bytes.length} bytes … ${bytes.slice(-50)}`
    : bytes;
  return JSON.stringify(shown);
}

/** Plays the case; null when it passed, else what failed: file, name, step, wanted and got. */
export async function runCase(one: TranscriptCase, launch: Launch): Promise<string | null> {
  let stage: Stage | null = null;
  let step: Step | null = null;
  try {
    stage = await setStage(launch, one);
    for (step of one.steps) await play(stage, step, launch);
    step = null;
    await sleep(SETTLE_MS);
    for (const [label, { client }] of stage.connections) {
      if (client.unread) {
        throw new CaseFailure(`wanted nothing more on ${label}\n  got    ${showBytes(client.unread)}`);
      }
    }
    if (!isAlive(stage)) throw new CaseFailure(`the server ended: ${stage.server.stderr().slice(0, 2000)}`);
    return null;
  } catch (error) {
    const at = step ? `line ${step.line}: ${step.source}` : "at the end";
    const what = error instanceof CaseFailure ? error.message : `${(error as Error).stack}`;
    const ended = stage && !isAlive(stage)
      ? `\n  the server ended: ${stage.server.stderr().slice(0, 2000)}`
      : "";
    return `${one.file}:${one.line}: ${one.name}\n  ${at}\n  ${what}${ended}`;
  } finally {
    if (stage) await clearStage(stage);
  }
}

async function setStage(launch: Launch, { serverArgs, steps }: TranscriptCase): Promise<Stage> {
  const asked = [...serverArgs, ...steps.map(({ source }) => source)];
  const needsDirectory = asked.some((text) => text.includes("${DIR}"));
  const directory = needsDirectory ? mkdtempSync(join(tmpdir(), "runnerbean-case-")) : "";
  try {
    const started = await startServer(launch, serverArgs, directory);
    return { ...started, serverArgs, connections: new Map(), directory };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function startServer(
  { command, env, ports }: Launch,
  serverArgs: readonly string[],
  directory: string,
): Promise<{ port: number; server: Server; spare: WireClient }> {
  const port = await ports.take();
  const args = serverArgs.map((arg) => arg.replace("${DIR}", directory));
  const server = startProcess([...command, "-l", "127.0.0.1", "-p", String(port), ...args], env);
  let ended = false;
  server.exited.then(() => (ended = true), () => (ended = true));
  const giveUpAt = Date.now() + START_MS;
  while (!ended && Date.now() < giveUpAt) {
    const client = await WireClient.connect(port).catch(() => null);
    if (client) return { port, server, spare: client };
    await sleep(5);
  }
  await server.stop();
  throw new CaseFailure(`the server did not start: ${server.stderr().slice(0, 2000)}`);
}

/** Ends the server, and starts the next one on the same directory. All connections are gone. */
async function restart(stage: Stage, launch: Launch, action: Action & { kind: "restart" }): Promise<void> {
  await stage.server.stop(action.signal as NodeJS.Signals);
  stage.spare?.close();
  for (const { client } of stage.connections.values()) client.close();
  stage.connections.clear();
  stage.serverArgs = action.serverArgs ?? stage.serverArgs;
  Object.assign(stage, await startServer(launch, stage.serverArgs, stage.directory));
}

async function clearStage(stage: Stage): Promise<void> {
  stage.spare?.close();
  for (const { client } of stage.connections.values()) client.close();
  await stage.server.stop();
  if (stage.directory !== "") rmSync(stage.directory, { recursive: true, force: true });
}

function isAlive(stage: Stage): boolean {
  try {
    return process.kill(stage.server.pid, 0);
  } catch {
    return false;
  }
}

async function connectionOf(stage: Stage, label: string): Promise<Connection> {
  const known = stage.connections.get(label);
  if (known) return known;
  const client = stage.spare ?? await WireClient.connect(stage.port);
  stage.spare = null;
  const connection = { client, sentAt: performance.now() };
  stage.connections.set(label, connection);
  return connection;
}

async function play(stage: Stage, action: Action, launch: Launch): Promise<void> {
  if (action.kind === "sleep") return await sleep(action.ms);
  if (action.kind === "signal") return stage.server.signal(action.name as NodeJS.Signals);
  if (action.kind === "restart") return await restart(stage, launch, action);
  const connection = await connectionOf(stage, action.connection);
  const { client } = connection;
  switch (action.kind) {
    case "open":
      return;
    case "send":
      connection.sentAt = performance.now();
      return client.send(action.bytes);
    case "trickle":
      return await trickle(connection, action.bytes);
    case "receive":
      return await receive(connection, action.bytes, action.within);
    case "match":
      return await match(connection, action.pattern, action.within);
    case "fields":
      return await checkFields(connection, action.fields, action.within);
    case "until":
      return await pollUntil(connection, action.bytes, action.fields);
    case "silent":
      return await staySilent(client, action.ms);
    case "half-close":
      return client.halfClose();
    case "closed":
      return await awaitClose(client);
    case "close":
      client.close();
      stage.connections.delete(action.connection);
  }
}

/** One byte a packet: the pauses keep the kernel from joining them. */
async function trickle(connection: Connection, bytes: string): Promise<void> {
  for (const byte of bytes) {
    connection.sentAt = performance.now();
    connection.client.send(byte);
    await sleep(2);
  }
}

async function receive(connection: Connection, wanted: string, within: Within): Promise<void> {
  const { client } = connection;
  // Wrong bytes end the wait at once; a missing answer ends it when the time is up.
  const decided = () =>
    client.ended || client.unread.length >= wanted.length || !wanted.startsWith(client.unread);
  await client.until(decided, patience(connection, within));
  const got = await client.take(Math.min(wanted.length, client.unread.length), 0);
  if (got !== wanted) {
    const rest = client.ended ? " and the connection was closed" : "";
    throw new CaseFailure(`wanted ${showBytes(wanted)}\n  got    ${showBytes(got + client.unread)}${rest}`);
  }
  checkTime(connection, within);
}

async function wholeReply(connection: Connection, within: Within): Promise<string> {
  const reply = await connection.client.reply(patience(connection, within));
  if (!reply) {
    const { unread, ended } = connection.client;
    throw new CaseFailure(
      `wanted a whole reply\n  got    ${showBytes(unread)}${ended ? " and the end" : ""}`,
    );
  }
  checkTime(connection, within);
  return reply;
}

async function match(connection: Connection, pattern: string, within: Within): Promise<void> {
  const reply = await wholeReply(connection, within);
  if (!new RegExp(pattern).test(reply)) {
    throw new CaseFailure(`wanted ${pattern}\n  got    ${showBytes(reply)}`);
  }
}

/** Fields of a `key: value` document; its frame is checked with every use. */
async function checkFields(
  connection: Connection,
  fields: readonly [string, string][],
  within: Within,
): Promise<void> {
  const reply = await wholeReply(connection, within);
  const wrong = wrongField(reply, fields);
  if (wrong) throw new CaseFailure(wrong);
}

/** What is wrong with a document that should have these fields; "" when nothing is. */
function wrongField(reply: string, fields: readonly [string, string][]): string {
  if (!/^OK \d+\r\n---\n(?:[a-z-]+: [^\r\n]*\n)+\r\n$/.test(reply)) {
    return `wanted OK and a document of "key: value" lines\n  got    ${showBytes(reply)}`;
  }
  const document = yamlOf(reply);
  for (const [key, pattern] of fields) {
    const value = document[key] ?? "(absent)";
    if (!new RegExp(pattern).test(value)) return `wanted ${key}: ${pattern}\n  got    ${key}: ${value}`;
  }
  return "";
}

/** Asks again and again until the fields are as wanted: for what a server does in its own time after a close or a signal. */
async function pollUntil(
  connection: Connection,
  question: string,
  fields: readonly [string, string][],
): Promise<void> {
  const giveUpAt = performance.now() + ANSWER_MS;
  for (;;) {
    const wrong = wrongField(await connection.client.ask(question, ANSWER_MS), fields);
    if (!wrong) return;
    if (performance.now() > giveUpAt) throw new CaseFailure(`${wrong} even after ${ANSWER_MS} ms`);
    await sleep(20);
  }
}

async function staySilent(client: WireClient, ms: number): Promise<void> {
  await client.until(() => client.unread !== "" || client.ended, ms);
  if (client.unread) {
    throw new CaseFailure(`wanted silence for ${ms} ms\n  got    ${showBytes(client.unread)}`);
  }
  if (client.ended) throw new CaseFailure(`wanted silence for ${ms} ms\n  got    a close`);
}

async function awaitClose(client: WireClient): Promise<void> {
  const closed = await client.closed(ANSWER_MS);
  if (client.unread) throw new CaseFailure(`wanted a close\n  got    ${showBytes(client.unread)}`);
  if (!closed) throw new CaseFailure(`wanted a close\n  got    nothing in ${ANSWER_MS} ms`);
}

function elapsedMs(connection: Connection): number {
  return Math.round(performance.now() - connection.sentAt);
}

/** Waits a little past the latest moment allowed, so that a late answer is reported with its time. */
function patience(connection: Connection, within: Within): number {
  return within.maxMs === null
    ? within.minMs + ANSWER_MS
    : Math.max(within.maxMs - elapsedMs(connection), 0) + 1000;
}

function checkTime(connection: Connection, within: Within): void {
  const took = elapsedMs(connection);
  if (took < within.minMs || (within.maxMs !== null && took > within.maxMs)) {
    throw new CaseFailure(
      `wanted it after ${within.minMs} to ${within.maxMs ?? "any"} ms\n  got it after ${took} ms`,
    );
  }
}
