// Access control and TLS as the options want them: read at the start, and again at SIGHUP.
// Invariant: what cannot be read leaves everything as it was, and that is said. No message holds a token or a key.

import { readFileSync, statSync } from "node:fs";
import type { Buffer } from "node:buffer";
import { Access } from "../access/access.ts";
import { parseTokens } from "../access/token_file.ts";
import type { IdentityEntry, TokenList } from "../access/token_file.ts";
import { sha256 } from "../adapters/node/sha256.ts";
import { checkTlsFiles, TlsListeners } from "../adapters/node/tls.ts";
import type { TlsFiles } from "../adapters/node/tls.ts";
import { Gate } from "../server/gate.ts";
import { EXIT_USAGE } from "./exit_codes.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";

/** The variable that holds tokens, in the form of the file. */
export const TOKENS_VARIABLE = "RUNNERBEAN_TOKENS";

/** Permissions of whoever is neither owner nor in the group. */
const FOR_OTHERS = 0o007;

export interface Security {
  readonly kind: "security";
  /** Null where everybody may do everything. */
  readonly gate: Gate | null;
  /** Null without TLS. */
  readonly tls: TlsListeners | null;
  /** Reads the files again. */
  reload(): void;
}

/** What a file or variable should hold and does not. */
class Unusable extends Error {}

/** Reads what the options name. Answers a problem when it is not usable. */
export function openSecurity(
  options: Options,
  tokens: string | undefined,
  printer: Printer,
): Security | StartProblem {
  try {
    const identities = readIdentities(options, tokens, printer);
    const tlsFiles = readTlsFiles(options, printer);
    const tls = tlsFiles === null ? null : new TlsListeners(tlsFiles);
    const gate = identities === null ? null : openGate(identities);
    const reload = (): void => {
      if (gate !== null) reloadTokens(gate, options, tokens, printer);
      if (tls !== null) reloadTls(tls, options, printer);
    };
    return { kind: "security", gate, tls, reload };
  } catch (error) {
    if (error instanceof Unusable) return startProblem(EXIT_USAGE, error.message);
    throw error;
  }
}

function openGate(identities: readonly IdentityEntry[]): Gate {
  const access = new Access(identities, sha256);
  return new Gate(access);
}

function reloadTokens(gate: Gate, options: Options, tokens: string | undefined, printer: Printer): void {
  try {
    const identities = readIdentities(options, tokens, printer)!;
    gate.replace(identities);
    printer.say(`runnerbean: access control read again: ${identities.length} identities`);
  } catch (error) {
    printer.warn(`${reasonOf(error)}; access control stays as it was`);
  }
}

function reloadTls(tls: TlsListeners, options: Options, printer: Printer): void {
  try {
    tls.renew(readTlsFiles(options, printer)!);
    printer.say("runnerbean: the certificate was read again");
  } catch (error) {
    printer.warn(`${reasonOf(error)}; TLS goes on with the certificate from before`);
  }
}

/** All identities of file and variable; null when neither is given. */
function readIdentities(
  { authFile, listenAs }: Options,
  tokens: string | undefined,
  printer: Printer,
): readonly IdentityEntry[] | null {
  const lists: TokenList[] = [];
  if (authFile !== null) {
    const list = listOf(readFile("--auth", authFile).toString("utf8"), authFile);
    const isForOthers = (statSync(authFile).mode & 0o077) !== 0;
    if (list.hasPlainTokens && isForOthers) {
      printer.warn(`${authFile} holds tokens and others may read it: chmod 600, or write sha256: digests`);
    }
    lists.push(list);
  }
  if (tokens) lists.push(listOf(tokens, TOKENS_VARIABLE));
  if (lists.length === 0) {
    if (listenAs.length > 0) {
      throw new Unusable(`--listen-as: expected --auth FILE, which says what ${listenAs[0].identity} may do`);
    }
    return null;
  }
  const identities = lists.flatMap((list) => list.identities);
  const names = new Set(identities.map(({ name }) => name));
  if (names.size < identities.length) {
    throw new Unusable(`${TOKENS_VARIABLE}: expected other names than in ${authFile}`);
  }
  for (const { identity } of listenAs) {
    if (!names.has(identity)) {
      throw new Unusable(`--listen-as: expected a name that access control knows, got "${identity}"`);
    }
  }
  return identities;
}

function listOf(text: string, source: string): TokenList {
  const list = parseTokens(text, source, sha256);
  if ("problem" in list) throw new Unusable(list.problem);
  return list;
}

/** Null without TLS. */
function readTlsFiles({ tlsCert, tlsKey, tlsClientCa, io }: Options, printer: Printer): TlsFiles | null {
  if (tlsCert === null && tlsKey === null && tlsClientCa === null) return null;
  if (tlsCert === null || tlsKey === null) throw new Unusable("TLS: expected both --tls-cert and --tls-key");
  if (io === "epoll") throw new Unusable("--io epoll: expected no --tls-cert: it has no TLS");
  const files = {
    cert: readFile("--tls-cert", tlsCert),
    key: readFile("--tls-key", tlsKey),
    clientCa: tlsClientCa === null ? null : readFile("--tls-client-ca", tlsClientCa),
  };
  const fault = checkTlsFiles(files);
  if (fault === null) {
    if ((statSync(tlsKey).mode & FOR_OTHERS) !== 0) {
      printer.warn(`--tls-key ${tlsKey} may be read by every user of this machine: chmod 600`);
    }
    return files;
  }
  const flags = {
    cert: `--tls-cert ${tlsCert}`,
    key: `--tls-key ${tlsKey}`,
    clientCa: `--tls-client-ca ${tlsClientCa}`,
  };
  throw new Unusable(`${flags[fault.file]}: ${fault.problem}`);
}

function readFile(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Unusable(`${flag} ${path}: ${reasonOf(error)}`);
  }
}
