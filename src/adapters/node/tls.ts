// TLS by node:tls, which on all three runtimes takes a new certificate while connections go on and asks clients for theirs.
//
// A browser offers its own protocols in the handshake and is refused there, so no web page reaches the text port.
// A peer that does not finish its handshake costs a socket for some seconds, and those sockets are few.

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Buffer } from "node:buffer";
import type net from "node:net";
import tls from "node:tls";
import type { RefusalReporter } from "../../ports/refusals.ts";
import type { Accept, Address, Listener } from "../../ports/transport.ts";
import { actualAddress, listenOptions, NodeTransport } from "./listen.ts";

/** The name of the text protocol in the handshake. */
const TEXT_PROTOCOL = "beanstalkd";
const HTTP_PROTOCOL = "http/1.1";
const HANDSHAKE_MS = 10_000;
/** Handshakes at once; another one ends the oldest. */
const MOST_HANDSHAKES = 256;

/** PEM texts: a certificate with its chain, its key, and the authorities whose clients are to be known by name. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | null;
}

/** One of those, with what is wrong with it. */
export interface TlsProblem {
  readonly file: keyof TlsFiles;
  readonly problem: string;
}

/** Says what is wrong with the files, or nothing. The runtimes differ in how much they would say themselves. */
export function checkTlsFiles({ cert, key, clientCa }: TlsFiles): TlsProblem | null {
  const certificate = attempt(() => new X509Certificate(cert));
  if (certificate === null) return { file: "cert", problem: "expected a certificate in PEM" };
  const privateKey = attempt(() => createPrivateKey(key));
  if (privateKey === null) {
    return { file: "key", problem: "expected a private key in PEM, without a passphrase" };
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    return { file: "key", problem: "it is not the certificate's" };
  }
  if (clientCa !== null && attempt(() => new X509Certificate(clientCa)) === null) {
    return { file: "clientCa", problem: "expected certificates in PEM" };
  }
  if (attempt(() => tls.createSecureContext(contextOf({ cert, key, clientCa }))) === null) {
    return { file: "cert", problem: "it cannot be used together with the others" };
  }
  return null;
}

function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}

function contextOf({ cert, key, clientCa }: TlsFiles): tls.SecureContextOptions {
  return { cert, key, minVersion: "TLSv1.2", ...(clientCa === null ? {} : { ca: clientCa }) };
}

/** Listeners that share a certificate, which can be renewed. */
export class TlsListeners {
  private files: TlsFiles;
  private readonly servers = new Set<tls.Server>();
  /** Handshakes at once on each listener for the text protocol that is opened from now on. */
  textHandshakes = MOST_HANDSHAKES;

  /** The files must have been checked. */
  constructor(files: TlsFiles) {
    this.files = files;
  }

  /** Connections from now on see these; those that are there go on. */
  renew(files: TlsFiles): void {
    this.files = files;
    for (const server of this.servers) server.setSecureContext(contextOf(files));
  }

  /** Listens for the text protocol in TLS. */
  readonly listen = (address: Address, accept: Accept, refusals?: RefusalReporter): Promise<Listener> => {
    return this.open(
      address,
      TEXT_PROTOCOL,
      (socket) => {
        socket.on("error", () => {}); // "close" follows and says it
        const transport = new TlsTransport(socket);
        const peer = accept(transport);
        if (peer !== null) transport.listenTo(peer);
      },
      this.textHandshakes,
      (reason, peer) => refusals?.refused(reason, peer),
    );
  };

  /** Listens for HTTP in TLS; each socket is for an HTTP server to take. */
  readonly listenHttp = (
    address: Address,
    take: (socket: tls.TLSSocket) => void,
    mostHandshakes: number,
    report: RefusalReporter["refused"],
  ): Promise<Listener> => {
    return this.open(address, HTTP_PROTOCOL, take, mostHandshakes, report);
  };

  private open(
    address: Address,
    protocol: string,
    take: (socket: tls.TLSSocket) => void,
    mostHandshakes: number,
    report: RefusalReporter["refused"],
  ): Promise<Listener> {
    const isText = protocol === TEXT_PROTOCOL;
    const server = tls.createServer({
      ...contextOf(this.files),
      ALPNProtocols: [protocol],
      handshakeTimeout: HANDSHAKE_MS,
      requestCert: isText && this.files.clientCa !== null,
      rejectUnauthorized: false, // who shows no certificate may still have a token
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
    });
    const handshakes = new Handshakes(mostHandshakes, (peer) => report("tls-handshake", peer));
    server.on("connection", (socket: net.Socket) => handshakes.began(socket));
    server.on("tlsClientError", (error, socket) => {
      if (!isGone(error)) report("tls-handshake", addressOf(socket));
      socket.destroy();
    });
    server.on("secureConnection", (socket) => {
      handshakes.ended(socket);
      take(socket);
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(listenOptions(address), () => {
        server.removeListener("error", reject);
        server.on("error", () => report("descriptors", null)); // as without TLS
        this.servers.add(server);
        const close = (): void => {
          this.servers.delete(server);
          server.close();
        };
        resolve({ address: actualAddress(server, address), close });
      });
    });
  }
}

class TlsTransport extends NodeTransport {
  readonly certificateName: string | null;

  constructor(socket: tls.TLSSocket) {
    super(socket);
    this.certificateName = socket.authorized ? commonName(socket.getPeerCertificate()) : null;
  }
}

/** The one common name of a certificate; null when there is none, or several. */
function commonName(certificate: tls.PeerCertificate | undefined): string | null {
  const name: unknown = certificate?.subject?.CN;
  return typeof name === "string" && name !== "" ? name : null;
}

/** Sockets whose handshake is going on, oldest first. The socket in the clear and the one in TLS are two; their port is one. */
class Handshakes {
  private readonly sockets = new Map<
    string,
    { readonly socket: net.Socket; readonly address: string | null }
  >();
  private readonly most: number;
  private readonly ends: (peer: string | null) => void;

  /** `ends` is called when one of them has to make room for another. */
  constructor(most: number, ends: (peer: string | null) => void) {
    this.most = most;
    this.ends = ends;
  }

  began(socket: net.Socket): void {
    const peer = peerOf(socket);
    this.sockets.set(peer, { socket, address: addressOf(socket) });
    socket.on("error", () => {});
    socket.once("close", () => this.sockets.delete(peer));
    if (this.sockets.size <= this.most) return;
    const [[oldest, { address, socket: oldSocket }]] = this.sockets;
    this.sockets.delete(oldest); // not all runtimes say at once that it is closed
    oldSocket.destroy();
    this.ends(address);
  }

  ended(socket: net.Socket): void {
    this.sockets.delete(peerOf(socket));
  }
}

function addressOf({ remoteAddress, remotePort }: net.Socket): string | null {
  return remoteAddress === undefined ? null : `${remoteAddress}:${remotePort}`;
}

/**
 * Whether a handshake failed since its peer closed or reset the connection: something may look now and then whether the port is
 * open. Node and Deno notice that only when the time is up, so who says nothing cannot be told from who is gone.
 */
function isGone(error: Error): boolean {
  return GONE.has((error as { code?: string }).code ?? "");
}

const GONE = new Set(["ECONNRESET", "EPIPE", "ERR_TLS_HANDSHAKE_TIMEOUT"]);

function peerOf({ remoteAddress, remotePort }: net.Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
