// Recognises an HTTP request line. A web page can make a browser send one to a port of this machine, with a body of its
// choosing that would be read as commands; so a connection that begins with one is closed before anything is run.

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

/**
 * Whether a connection's first line is an HTTP request line. `isWhole` is false for a line that was cut because it is too
 * long: then its beginning decides. Other lines that begin with a method in capitals (`PUT 0 0 1 4`) are not meant.
 */
export function isHttpRequestLine(bytes: Uint8Array, from: number, to: number, isWhole: boolean): boolean {
  if (to === from || bytes[from] < 0x41 || bytes[from] > 0x5a) return false;
  const line = String.fromCharCode(...bytes.subarray(from, to));
  const space = line.indexOf(" ");
  if (space < 0 || space > LONGEST_METHOD || !METHODS.includes(line.slice(0, space))) return false;
  if (isWhole) return / HTTP\/\d/.test(line);
  return /^(?:\/|\*|https?:)/i.test(line.slice(space + 1));
}
