// Plays scripts against the HTTP port of a server in a process of its own, many connections at once, and looks whether the
// server lives, answers, says nothing of faults and stays small.
import net from "node:net";
import process from "node:process";
import tls from "node:tls";
import { readFileSync } from "node:fs";
import { Random } from "../../support/random.ts";
import { sleep } from "../../support/runtime.ts";
import type { ServerProcess } from "../../support/server_process.ts";
import { readAnswers } from "./answers.ts";
import { type Script, Scripts } from "./scripts.ts";

export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  readonly httpPort: number;
  readonly server: ServerProcess;
  readonly isSecure: boolean;
  /** A header line that lets in, or "". */
  readonly authorization: string;
}

export interface FuzzReport {
  readonly requests: number;
  readonly connections: number;
  readonly answers: Readonly<Record<number, number>>;
  readonly peakMib: number;
  readonly slowestHealthMs: number;
}

const AT_ONCE = 24;
/** How long is waited for an answer that need not come. */
const PATIENCE_MS = 60;
const LONGEST_MS = 20_000;
const HEALTH_EVERY = 1000;
const MOST_MIB = 512;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, requests, server } = options;
  const scripts = new Scripts(new Random(seed), options.authorization);
  const answers: Record<number, number> = {};
  let asked = 0;
  let connections = 0;
  let nextHealth = HEALTH_EVERY;
  let slowestHealthMs = 0;
  const one = async (): Promise<void> => {
    while (asked < requests) {
      const script = scripts.next();
      asked += script.requests;
      connections++;
      const number = connections;
      const { statuses, fault } = await play(options, script);
      for (const status of statuses) answers[status] = (answers[status] ?? 0) + 1;
      const said = fault || faultOf(script, statuses);
      if (said !== "") throw new Error(`seed ${seed}, connection ${number}: ${said}\n${describe(script)}`);
      if (asked < nextHealth) continue;
      nextHealth += HEALTH_EVERY;
      slowestHealthMs = Math.max(slowestHealthMs, await health(options));
      checkServer(server);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  slowestHealthMs = Math.max(slowestHealthMs, await health(options));
  checkServer(server);
  return { requests: asked, connections, answers, peakMib: peakMib(server.pid), slowestHealthMs };
}

function faultOf({ requests, expected }: Script, statuses: readonly number[]): string {
  if (statuses.includes(500)) return "answered 500";
  if (expected === null) {
    // What follows a damaged request may be read as another one.
    return statuses.length > requests + 3 ? `${statuses.length} answers to ${requests} requests` : "";
  }
  return statuses.join() === expected.join()
    ? ""
    : `answered ${statuses.join()} instead of ${expected.join()}`;
}

function describe({ steps }: Script): string {
  return steps.map((step) =>
    step.kind === "send"
      ? JSON.stringify(new TextDecoder("latin1").decode(step.bytes.subarray(0, 2000)))
      : step.kind
  ).join("\n");
}

function connect({ httpPort, isSecure }: FuzzOptions): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const place = { host: "127.0.0.1", port: httpPort, allowHalfOpen: true };
    const socket = isSecure
      ? tls.connect({ ...place, rejectUnauthorized: false }, () => resolve(socket))
      : net.connect(place, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Plays a script, and reads until all is there that must come, or a while for what may. */
async function play(
  options: FuzzOptions,
  script: Script,
): Promise<{ statuses: readonly number[]; fault: string }> {
  const socket = await connect(options);
  let text = "";
  let isClosed = false;
  socket.on("error", () => {});
  socket.on("close", () => (isClosed = true));
  socket.on("end", () => (isClosed = true));
  socket.on("data", (bytes: Uint8Array) => (text += new TextDecoder("latin1").decode(bytes)));
  for (const step of script.steps) {
    if (isClosed) break;
    if (step.kind === "send") socket.write(step.bytes);
    else if (step.kind === "rest") await sleep(1);
    else if (step.kind === "half close") socket.end();
    else socket.pause();
  }
  const { expected } = script;
  const beganAt = performance.now();
  for (;;) {
    const waitedMs = performance.now() - beganAt;
    if (isClosed || waitedMs > LONGEST_MS) break;
    if (
      expected === null
        ? text !== "" || waitedMs > PATIENCE_MS
        : readAnswers(text).statuses.length >= expected.length
    ) break;
    await sleep(1);
  }
  // A damaged HEAD has an answer without a body, which reads like the beginning of another one: not read on.
  const first = script.steps.find((step) => step.kind === "send");
  const isHead = first?.kind === "send" && first.bytes[0] === 72;
  const read = isHead ? { statuses: [], fault: "" } : readAnswers(text);
  if (script.ending === "reset" && "resetAndDestroy" in socket && !options.isSecure) socket.resetAndDestroy();
  else socket.destroy();
  return read;
}

/** Milliseconds until /healthz has answered. */
async function health(options: FuzzOptions): Promise<number> {
  const beganAt = performance.now();
  const script: Script = {
    steps: [{
      kind: "send",
      bytes: new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    }],
    requests: 1,
    expected: [200],
    ending: "close",
  };
  const { statuses } = await play(options, script);
  if (statuses[0] !== 200) throw new Error(`/healthz answered ${statuses.join() || "nothing"}`);
  return performance.now() - beganAt;
}

/** The server lives, complains of nothing that looks like a fault of its own, and is small. */
export function checkServer(server: ServerProcess): void {
  const said = server.stderr();
  const trace = /^.*(?:\n? +at .*:\d+|uncaught|unhandled|panicked|TypeError|RangeError|failed:).*$/im.exec(
    said,
  );
  if (trace !== null) throw new Error(`stderr: ${said.slice(trace.index, trace.index + 1000)}`);
  const mib = peakMib(server.pid);
  if (mib > MOST_MIB) throw new Error(`the server's memory came to ${mib} MiB`);
}

/** The most memory that a process has had, in MiB; 0 where the system does not tell. Throws when it is gone. */
export function peakMib(pid: number): number {
  try {
    return Math.round(
      Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))![1]) / 1024,
    );
  } catch (error) {
    if (process.platform === "linux") throw new Error("the server has ended", { cause: error });
    return 0;
  }
}
