// From argv and the environment to `Options`: what the reference makes of its command line, plus long names and variables.
//
// Pure: the result says everything, warnings included; nothing is printed, read or looked up except through the arguments.
// The line is read from left to right and the first thing that ends it counts: a usage error, `-h` or `-v`. Addresses
// are judged last: all of `-l` are served, on the port of the last `-p`.
import { MAX_JOB_BYTES_CAP } from "../core/limits.ts";
import { EXIT_SOCKET, EXIT_USAGE } from "./exit_codes.ts";
import { type Draft, type Flag, FLAGS, type Reading, type Said, variableName } from "./flags.ts";
import { DEFAULT_HOST, DEFAULT_OPTIONS, DEFAULT_PORT, type ListenAddress, type Options } from "./options.ts";
import { withoutBrackets } from "./resolve_host.ts";
import { isDigits, misfit, portNumber, valueOf } from "./values.ts";

/** What is to be done, and what the user should be warned of first (each a line without the program's name). */
export type ParsedOptions =
  & { readonly warnings: readonly string[] }
  & (
    | { readonly kind: "run"; readonly options: Options }
    | { readonly kind: "help" }
    | { readonly kind: "version" }
    | ParseProblem
  );

/** A line that cannot be carried out. The usage follows the message when the exit code is EXIT_USAGE. */
export interface ParseProblem {
  readonly kind: "problem";
  readonly problem: string;
  /** EXIT_USAGE, or EXIT_SOCKET for an address that cannot be one: the reference tells them apart too. */
  readonly exitCode: typeof EXIT_USAGE | typeof EXIT_SOCKET;
}

/** The TCP port of a service name, or null when there is no such service. */
export type ServicePort = (name: string) => number | null;

/** Variables that configure this project's tests, not the server. */
const TEST_VARIABLES =
  /^RUNNERBEAN_(?:SEED|LONG|FULL|KILLS|PLANTED|SIM_SEEDS|MANY_JOBS|BOUNDS_SCALE|FUZZ_.*|CONFORMANCE_.*|DENO|BUN|NODE)$/;
/** Variables that are no flag of the server: what the verbs that reach a server read, and secrets. */
const OTHER_VARIABLES = /^RUNNERBEAN_(?:SERVER|TOKEN|TOKENS)$/;
/** Container platforms set NAME_PORT=tcp://… for a service called NAME; that is no port for us. */
const PLATFORM_PORT = /^(?:tcp|udp|sctp):\/\//;

/** Reads the words after the program's name and the RUNNERBEAN_* variables. Flags win over variables. */
export function parseOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  servicePort: ServicePort = () => null,
): ParsedOptions {
  const draft: Draft = {};
  const warnings: string[] = [];
  const end = readWords(argv, draft, warnings) ?? readVariables(env, draft, warnings);
  if (end) return { ...end, warnings };
  if (draft.kv !== undefined && draft.binlogDir !== undefined) {
    return { ...usageProblem("-b and --kv: jobs are kept in one of them, not in both"), warnings };
  }
  const listen = listenAddresses(draft, servicePort);
  if ("problem" in listen) return { ...listen, warnings };
  return { kind: "run", options: complete(draft, listen, warnings), warnings };
}

type End = { readonly kind: "help" } | { readonly kind: "version" } | ParseProblem;

function usageProblem(problem: string): ParseProblem {
  return { kind: "problem", problem, exitCode: EXIT_USAGE };
}

function readWords(argv: readonly string[], draft: Draft, warnings: string[]): End | null {
  const words = argv.values();
  for (const word of words) {
    let end: End | null;
    if (word.startsWith("--") && word.length > 2) end = readLong(word, words, draft);
    else if (word.startsWith("-") && word.length > 1) end = readCluster(word, words, draft, warnings);
    else end = usageProblem(`unknown argument: ${word}`);
    if (end) return end;
  }
  return null;
}

/** `--name`, `--name value` or `--name=value`. */
function readLong(word: string, following: Iterator<string>, draft: Draft): End | null {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const flag = FLAGS.find(({ long }) => long === name.slice(2));
  if (!flag) return usageProblem(`unknown flag: ${name}`);
  if (flag.kind === "valued") {
    return readValue(flag.reading, name, equals < 0 ? following.next().value : word.slice(equals + 1), draft);
  }
  if (equals >= 0) {
    return usageProblem(`${name}: expected no value, got ${JSON.stringify(word.slice(equals + 1))}`);
  }
  return applyAlone(flag, draft);
}

/** `-VFVu name`: flags in one word; the first that takes a value takes the rest of the word, or else the next one. */
function readCluster(
  word: string,
  following: Iterator<string>,
  draft: Draft,
  warnings: string[],
): End | null {
  for (let i = 1; i < word.length; i++) {
    const name = `-${word[i]}`;
    const flag = FLAGS.find(({ short }) => short === word[i]);
    if (!flag) return usageProblem(`unknown flag: ${name}`);
    if (flag.kind === "valued") {
      return readValue(flag.reading, name, word.slice(i + 1) || following.next().value, draft);
    }
    if (flag.kind === "removed") warnings.push(`${name} ${flag.note}`);
    const end = applyAlone(flag, draft);
    if (end) return end;
  }
  return null;
}

function applyAlone(flag: Flag, draft: Draft): End | null {
  if (flag.kind === "final") return { kind: flag.outcome };
  if (flag.kind === "alone") flag.apply(draft);
  return null;
}

function readValue(
  reading: Reading,
  source: string,
  text: string | undefined,
  draft: Draft,
): ParseProblem | null {
  if (text === undefined) return usageProblem(`flag requires an argument: ${source}`);
  return reading.read(draft, { source, text }) ? null : usageProblem(misfit(source, reading.expects, text));
}

/** Fills in what the flags left open. A variable that is set to nothing counts as not set. */
function readVariables(
  env: Readonly<Record<string, string | undefined>>,
  draft: Draft,
  warnings: string[],
): ParseProblem | null {
  const byFlags = new Set(Object.keys(draft));
  for (const source of Object.keys(env).sort()) {
    const text = env[source];
    if (!source.startsWith("RUNNERBEAN_") || !text) continue;
    if (TEST_VARIABLES.test(source) || OTHER_VARIABLES.test(source)) continue;
    const flag = FLAGS.find(({ long }) => long !== null && variableName(long) === source);
    if (!flag || !("reading" in flag) || !flag.reading) {
      warnings.push(`${source} is not a known variable and is ignored`);
    } else if (flag.field === "port" && PLATFORM_PORT.test(text)) {
      warnings.push(`${source}=${text} looks like a container platform's service variable and is ignored`);
    } else if (!byFlags.has(flag.field)) {
      const problem = readValue(flag.reading, source, text, draft);
      if (problem) return problem;
    }
  }
  return null;
}

/** All that -l names, each once. They share the port. */
function listenAddresses(draft: Draft, servicePort: ServicePort): ListenAddress[] | ParseProblem {
  const said: readonly Said[] = draft.listen ?? [{ source: "-l", text: DEFAULT_HOST }];
  const addresses = new Map<string, ListenAddress>();
  for (const each of said) {
    const address = listenAddress(each, draft.port, servicePort);
    if ("problem" in address) return address;
    addresses.set(each.text, address);
  }
  return [...addresses.values()];
}

function listenAddress(
  listen: Said,
  port: Said | undefined,
  servicePort: ServicePort,
): ListenAddress | ParseProblem {
  if (listen.text.startsWith("unix:")) {
    const path = listen.text.slice("unix:".length);
    return path ? { kind: "unix", path } : addressProblem(listen, "a path after unix:");
  }
  if (listen.text === "") return addressProblem(listen, "an address, a host name, * or unix:PATH");
  const number = port ? portOf(port, servicePort) : DEFAULT_PORT;
  return typeof number === "number"
    ? { kind: "tcp", host: withoutBrackets(listen.text), port: number }
    : number;
}

/** A number that is no port is a usage error (the reference takes it modulo 65536); a service nobody knows has no address. */
function portOf(said: Said, servicePort: ServicePort): number | ParseProblem {
  const port = valueOf(portNumber, said.text);
  if (port !== undefined) return port;
  if (isDigits(said.text)) return usageProblem(misfit(said.source, portNumber.expects, said.text));
  return servicePort(said.text) ?? addressProblem(said, portNumber.expects);
}

function addressProblem({ source, text }: Said, expects: string): ParseProblem {
  return { kind: "problem", problem: misfit(source, expects, text), exitCode: EXIT_SOCKET };
}

function complete(draft: Draft, listen: readonly ListenAddress[], warnings: string[]): Options {
  const { listen: saidListen, port: saidPort, ...rest } = draft;
  const asked = draft.maxJobBytes ?? DEFAULT_OPTIONS.maxJobBytes;
  if (asked > MAX_JOB_BYTES_CAP) {
    warnings.push(`the maximum job size was set to ${MAX_JOB_BYTES_CAP}`);
  }
  return {
    ...DEFAULT_OPTIONS,
    ...rest,
    listen,
    listenGiven: saidListen !== undefined,
    portGiven: saidPort !== undefined,
    maxJobBytes: Math.min(asked, MAX_JOB_BYTES_CAP),
  };
}
