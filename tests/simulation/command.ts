// What a simulated client says: the bytes, and what they mean. The meaning comes from whoever made the line, not from
// parsing it, so the auditor owes nothing to the project's parser.

/** The engine's name for a command, or what else a line may be. */
export type Kind =
  | "put"
  | "reserve"
  | "reserveWithTimeout"
  | "reserveJob"
  | "delete"
  | "release"
  | "bury"
  | "touch"
  | "kick"
  | "kickJob"
  | "peek"
  | "peekReady"
  | "peekDelayed"
  | "peekBuried"
  | "stats"
  | "statsJob"
  | "statsTube"
  | "listTubes"
  | "listTubeUsed"
  | "listTubesWatched"
  | "use"
  | "watch"
  | "ignore"
  | "pauseTube"
  | "truncate"
  | "deleteTube"
  | "drain"
  | "requeue"
  | "quit"
  | "http"
  | "refused";

export interface Meaning {
  readonly id: number;
  readonly pri: number;
  readonly delay: number;
  readonly ttr: number;
  readonly seconds: number;
  readonly bound: number;
  readonly tube: string;
  /** truncate: a mask of states, as the engine numbers them. */
  readonly states: number;
  /** drain: whether it is to be so. */
  readonly isOn: boolean;
}

export interface Command extends Meaning {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
  /** Length of the line alone. */
  readonly lineBytes: number;
  readonly body: Uint8Array;
  readonly hasTrailer: boolean;
  /** The reply that the protocol itself gives, without its CR LF; "" when the queue answers. */
  refusal: string;
  /** Where the line and the whole command end in what the client has said so far; filled in when it is said. */
  lineEndsAt: number;
  endsAt: number;
}

export const NO_BYTES: Uint8Array = new Uint8Array(0);
const NOTHING: Meaning = {
  id: 0,
  pri: 0,
  delay: 0,
  ttr: 0,
  seconds: 0,
  bound: 0,
  tube: "",
  states: 0,
  isOn: false,
};

/** One character is one byte. */
export function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A command of one line. */
export function line(kind: Kind, text: string, meaning: Partial<Meaning> = {}): Command {
  return command(kind, text, NO_BYTES, "", meaning);
}

/** A line that is refused by the protocol itself, with what belongs to it. */
export function refused(
  text: string,
  refusal: string,
  body: Uint8Array = NO_BYTES,
  trailer: string = "",
): Command {
  return { ...command("refused", text, body, trailer, {}), refusal };
}

/** A put. With a trailer other than CR LF (it must have two bytes) the body will be refused. */
export function put(
  pri: number,
  delay: number,
  ttr: number,
  body: Uint8Array,
  trailer: string = "\r\n",
): Command {
  return command("put", `put ${pri} ${delay} ${ttr} ${body.length}`, body, trailer, { pri, delay, ttr });
}

/** A requeue, which has no words: it comes from within the process. No body: the job keeps its own; no tube: it stays. */
export function requeue(meaning: Partial<Meaning>, body: Uint8Array | null): Command {
  const { length } = body ?? NO_BYTES;
  return {
    ...command("requeue", `requeue ${meaning.id} ${length}`, body ?? NO_BYTES, "", meaning),
    hasTrailer: body !== null,
  };
}

function command(
  kind: Kind,
  text: string,
  body: Uint8Array,
  trailer: string,
  meaning: Partial<Meaning>,
): Command {
  const lineBytes = text.length + 2;
  const bytes = new Uint8Array(lineBytes + body.length + trailer.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  bytes[text.length] = 13;
  bytes[text.length + 1] = 10;
  bytes.set(body, lineBytes);
  for (let i = 0; i < trailer.length; i++) bytes[lineBytes + body.length + i] = trailer.charCodeAt(i);
  return {
    ...NOTHING,
    ...meaning,
    kind,
    bytes,
    lineBytes,
    body,
    hasTrailer: trailer === "\r\n",
    refusal: "",
    lineEndsAt: 0,
    endsAt: 0,
  };
}
