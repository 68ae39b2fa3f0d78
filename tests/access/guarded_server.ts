// A server with access control in the test's process, on a real port, with limits that the test chooses.
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { sha256 } from "../../src/adapters/node/sha256.ts";
import { Access } from "../../src/access/access.ts";
import { STRANGER_LIMITS, type StrangerLimits } from "../../src/access/limits.ts";
import { type IdentityEntry, parseTokens } from "../../src/access/token_file.ts";
import { Engine } from "../../src/core/mod.ts";
import type { RefusalReason } from "../../src/ports/refusals.ts";
import type { Transport } from "../../src/ports/transport.ts";
import { listen } from "../../src/runtime/runtime.ts";
import { Gate } from "../../src/server/gate.ts";
import { Refusals } from "../../src/server/refusals.ts";
import { Server } from "../../src/server/server.ts";

/** A token that is easy to tell apart from others. */
export const tokenOf = (name: string): string => `token-of-${name}-0123456789`;

export function identitiesOf(text: string): readonly IdentityEntry[] {
  const list = parseTokens(text, "test", sha256);
  if ("problem" in list) throw new Error(list.problem);
  return list.identities;
}

export interface GuardedServer {
  readonly port: number;
  readonly gate: Gate;
  readonly server: Server;
  /** What was refused, with the address of whom. */
  readonly refused: readonly (readonly [RefusalReason, string | null])[];
  close(): void;
}

/** `tokens` is the text of a token file. `pretend`: what the server is to take the peers' address for. */
export async function guardedServer(
  tokens: string,
  limits: Partial<StrangerLimits> = {},
  pretend: string | null = null,
): Promise<GuardedServer> {
  const refused: [RefusalReason, string | null][] = [];
  const access = new Access(identitiesOf(tokens), sha256);
  const gate = new Gate(access, { ...STRANGER_LIMITS, ...limits });
  const server = new Server({
    engine: new Engine({ seed: 1 }),
    clock: new SystemClock(),
    gate,
    refusals: new Refusals(() => performance.now(), {
      refused: (reason, peer) => void refused.push([reason, peer]),
    }),
    facts: {
      version: "test",
      pid: 1,
      hostname: "test",
      os: "test",
      platform: "test",
      instanceId: "0000000000000000",
      startedAt: Date.now(),
      maxJobBytes: 65_535,
      cpuMicros: () => ({ user: 0, system: 0 }),
      binlog: () => ({ oldest: 0, current: 0, migrated: 0, written: 0, maxBytes: 0 }),
    },
  });
  const seen = (transport: Transport): Transport => {
    if (pretend !== null) Object.defineProperty(transport, "peerAddress", { value: pretend });
    return transport;
  };
  const listener = await listen(
    { kind: "tcp", host: "127.0.0.1", port: 0 },
    (transport) => server.acceptAs("tcp", seen(transport)),
  );
  const close = (): void => {
    listener.close();
    server.stop();
  };
  const port = listener.address.kind === "tcp" ? listener.address.port : 0;
  return { port, gate, server, refused, close };
}
