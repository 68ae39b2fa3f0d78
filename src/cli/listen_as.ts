// The value of --listen-as: `IDENTITY=HOST:PORT`, `IDENTITY=PORT` or `IDENTITY=unix:PATH`, perhaps with `,mode=0660` behind
// the path.

import { DEFAULT_HOST, type ListenAs } from "./options.ts";

/** Only the server's own user, unless it is said otherwise. */
const DEFAULT_MODE = 0o600;
const LISTEN_AS = /^([A-Za-z0-9][A-Za-z0-9._@-]{0,63})=(.+)$/;
const UNIX = /^unix:(.+?)(?:,mode=(0?[0-7]{3}))?$/;
const TCP = /^(?:(?:\[([0-9A-Fa-f:.%]+)\]|([^[\]:]+)):)?(\d{1,5})$/;

/** What the text means; null when it means nothing. */
export function parseListenAs(text: string): ListenAs | null {
  const match = LISTEN_AS.exec(text);
  if (match === null) return null;
  const [, identity, address] = match;
  const unix = UNIX.exec(address);
  if (unix !== null) {
    const mode = unix[2] === undefined ? DEFAULT_MODE : parseInt(unix[2], 8);
    return { identity, address: { kind: "unix", path: unix[1] }, mode };
  }
  const tcp = TCP.exec(address);
  if (tcp === null || Number(tcp[3]) > 65_535) return null;
  const host = tcp[1] ?? tcp[2] ?? DEFAULT_HOST;
  return { identity, address: { kind: "tcp", host, port: Number(tcp[3]) }, mode: DEFAULT_MODE };
}
