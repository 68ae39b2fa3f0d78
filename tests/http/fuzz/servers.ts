// The servers that are fuzzed: plain, with access control, with TLS.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../../access/certificates.ts";
import { freePort, type ServerProcess, startServer } from "../../support/server_process.ts";

export type Mode = "plain" | "auth" | "tls";
export const MODES: readonly Mode[] = ["plain", "auth", "tls"];

const TOKEN = "token-of-the-fuzzer-0123456789";

export interface FuzzedServer {
  readonly server: ServerProcess;
  readonly httpPort: number;
  readonly isSecure: boolean;
  readonly authorization: string;
  stop(): Promise<void>;
}

/** Starts a server on the runtime that runs this. */
export async function startFuzzed(mode: Mode): Promise<FuzzedServer> {
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-fuzz-"));
  const httpPort = await freePort();
  const args = ["--http", `127.0.0.1:${httpPort}`, "--max-memory", "32m"];
  if (mode === "auth") {
    writeFileSync(join(folder, "tokens"), `fuzzer admin=* token=${TOKEN}\n`, { mode: 0o600 });
    args.push("--auth", join(folder, "tokens"));
  }
  if (mode === "tls") {
    const files = makeCertificates(folder);
    args.push("--tls-cert", files.path("first.pem"), "--tls-key", files.path("first.key"));
  }
  const server = await startServer({ args });
  return {
    server,
    httpPort,
    isSecure: mode === "tls",
    authorization: mode === "auth" ? `Authorization: Bearer ${TOKEN}` : "",
    async stop(): Promise<void> {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
