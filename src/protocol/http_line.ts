// Recognises what was meant for another kind of server by how a connection begins. A web page can make a browser send an HTTP
// request to a port of this machine, with a body of its choosing that would be read as commands; so such a connection is closed
// before anything is run.

const METHODS: readonly string[] = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
];
const LONGEST_METHOD = 7;

/** The first byte of a TLS handshake. No command begins with it. */
export const TLS_HANDSHAKE = 0x16;

const LF = 0x0a;
const DOT = 0x2e;
/** ` HTTP/`, in lower case and with the bit set that tells cases apart; a space and a slash have it anyway. */
const VERSION: Uint8Array = new TextEncoder().encode(" http/");
const LOWER_CASE = 0x20;

/**
 * Whether a connection's first line is an HTTP request line with one of the usual methods. `isWhole` is false for a line that was
 * cut because it is too long: then its beginning decides. Other lines that begin with a method in capitals (`PUT 0 0 1 4`) are not meant.
 */
export function isHttpRequestLine(bytes: Uint8Array, from: number, to: number, isWhole: boolean): boolean {
  if (to === from || bytes[from] < 0x41 || bytes[from] > 0x5a) return false;
  const line = String.fromCharCode(...bytes.subarray(from, to));
  const space = line.indexOf(" ");
  if (space < 0 || space > LONGEST_METHOD || !METHODS.includes(line.slice(0, space))) return false;
  if (isWhole) return / HTTP\/\d/.test(line);
  return /^(?:\/|\*|https?:)/i.test(line.slice(space + 1));
}

/**
 * Whether a line ends as an HTTP request line does, in ` HTTP/1.1` or the like, whatever its method and in any case. HTTP servers
 * also take a bare LF for the end of a line, and blanks before it.
 */
export function endsInHttpVersion(bytes: Uint8Array, from: number, to: number): boolean {
  const lf = bytes.subarray(from, to).indexOf(LF);
  let end = lf < 0 ? to : from + lf;
  while (end > from && isBlank(bytes[end - 1])) end--;
  if (end - from >= 2 && bytes[end - 2] === DOT && isDigit(bytes[end - 1])) end -= 2;
  const start = end - 1 - VERSION.length;
  if (start < from || !isDigit(bytes[end - 1])) return false;
  return VERSION.every((byte, i) => (bytes[start + i] | LOWER_CASE) === byte);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Space, tab, CR. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
