// Where the connections stand, told from what was sent and what the reference answered: who waits in a reserve, who watches
// what, which jobs are being uploaded. It decides whether a step may run, so that
//  - the order in which a server sees commands of different connections is fixed (else two runs of one server would differ);
//  - the documented differences (differences.ts) are not entered.
import { lineNotCompared, type NotCompared } from "./differences.ts";
import { type Ask, Framing } from "./framing.ts";
import type { Step } from "./sequence.ts";

/** Why a step is left out: a documented difference, or that its order against other commands would be left to chance. */
export type Refusal = NotCompared | "order" | "closed";

/** Bytes of one step behind a wait. */
const MOST_BEHIND_WAIT = 4096;

/** What a step asks for. */
export interface Plan {
  readonly asks: readonly Ask[];
  /** The connection's framing after the step. */
  readonly framing: Framing;
}

/** One thing a server did on a connection: its reply to a line, or a word in brackets about the connection. */
export interface Observed {
  readonly on: number;
  readonly line: string;
  readonly reply: string;
}

interface Party {
  framing: Framing;
  readonly watched: Set<string>;
  /** Asks without a reply; the first of them waits. */
  unanswered: Ask[];
  /** The id of the job whose body is on its way. */
  uploading: number;
  /** Jobs it has reserved and not given back. */
  readonly held: Set<string>;
  /** When its unanswered asks began. */
  since: number;
  closed: boolean;
}

const mayReserve = (asks: readonly Ask[]): number =>
  asks.filter(({ line }) => line.startsWith("reserve")).length;

/** How many of the asks may have to wait. */
export function waits(asks: readonly Ask[]): number {
  return asks.filter((ask) => ask.kind === "wait").length;
}

export class Situation {
  readonly #maxJobBytes: number;
  readonly #isStrict: boolean;
  readonly #parties = new Map<number, Party>();
  /** Tubes whose order of waiters is no longer that of a new tube in the reference. */
  readonly #stirred = new Set<string>(["default"]);
  #steps = 0;
  nextId: number;

  constructor(firstId: number, maxJobBytes: number, isStrict: boolean) {
    this.nextId = firstId;
    this.#isStrict = isStrict;
    this.#maxJobBytes = maxJobBytes;
  }

  /** Open connections that do not wait. */
  get idle(): number[] {
    return this.#openWhere((party) => party.unanswered.length === 0);
  }

  /** Open connections that wait, the latest first: taken away in this order they leave the order of the others as it is. */
  get waiting(): number[] {
    return this.#openWhere((party) => party.unanswered.length > 0);
  }

  #openWhere(condition: (party: Party) => boolean): number[] {
    const open = [...this.#parties].filter(([, party]) => !party.closed && condition(party));
    return open.sort(([, a], [, b]) => b.since - a.since).map(([on]) => on);
  }

  #party(on: number): Party {
    return this.#parties.get(on) ?? {
      framing: new Framing(this.#maxJobBytes),
      watched: new Set(["default"]),
      unanswered: [],
      uploading: 0,
      held: new Set(),
      since: 0,
      closed: false,
    };
  }

  /** What the step will ask, or why it may not run. */
  plan(step: Step): Plan | Refusal {
    const party = this.#party(step.on);
    if (party.closed) return "closed";
    const framing = party.framing.copy();
    const asks = framing.push(step.writes.join(""));
    if (framing.trouble) return "framing";
    for (const [i, ask] of asks.entries()) {
      const reason = lineNotCompared(ask, party.framing.lines + i === 0, this.#isStrict);
      if (reason) return reason;
      if (this.#showsUpload(ask.line)) return "upload";
    }
    return this.#orderOf(step, party, asks, framing) ?? { asks, framing };
  }

  #showsUpload(line: string): boolean {
    const id = /^(?:peek|stats-job) +(\d+)$/.exec(line)?.[1];
    if (id === undefined) return false;
    return [...this.#parties.values()].some((party) => party.uploading === Number(id));
  }

  /** Commands behind a wait run when somebody else's command ends it: only one connection may have such, and then the others go one by one. */
  #orderOf(step: Step, party: Party, asks: readonly Ask[], framing: Framing): Refusal | undefined {
    const others = [...this.#parties.values()].filter((other) => other !== party && !other.closed);
    const firstWait = asks.findIndex((ask) => ask.kind === "wait");
    const mayWait = party.unanswered.length > 0 || firstWait >= 0;
    const behind = party.unanswered.length > 0
      ? asks.length
      : firstWait < 0
      ? 0
      : asks.length - 1 - firstWait;
    const othersBehind = others.some((other) => other.unanswered.length > 1);
    // The reference reads nothing meanwhile; with its receive buffer full it would not even see a half-close.
    if (mayWait && step.writes.join("").length > MOST_BEHIND_WAIT) return "unread";
    const events = asks.length + (step.then ? 1 : 0);
    if (othersBehind && (events > 1 || behind > 0)) return "order";
    // When such a put line is read, and which id it takes, would not be known.
    if ((mayWait || othersBehind) && framing.insidePut) return "order";
    // What was not answered may or may not be done when the connection breaks.
    if (step.then === "close" && (asks.length > 0 || party.unanswered.length > 1)) return "order";
    // Bytes that a server leaves unread reset the connection, and with it goes what the other side has not yet read.
    if (framing.dropped > 0 && party.unanswered.length + asks.length > 1) return "order";
    const ends = step.then !== undefined || asks.some((ask) => ask.kind === "quit");
    if (
      ends && party.held.size + mayReserve(asks) + mayReserve(party.unanswered) > 1 &&
      others.some((other) => other.unanswered.length > 0)
    ) {
      return "allAtOnce";
    }
    if (this.#breaksWaitingOrder(step, party, asks, others)) return "waitingOrder";
    return undefined;
  }

  #breaksWaitingOrder(step: Step, party: Party, asks: readonly Ask[], others: readonly Party[]): boolean {
    const own = [...party.unanswered, ...asks];
    const watched = watchedBy(party, own);
    const rivals = others.filter((other) => waits(other.unanswered) > 0);
    const sharing = rivals.filter((other) =>
      [...watchedBy(other, other.unanswered)].some((tube) => watched.has(tube))
    );
    if (sharing.length === 0) return false;
    if (waits(asks) === 0) return step.then !== undefined && sharing.length > 1 && waits(own) > 0;
    // In a new tube two are served in order, and three if they wait for nothing else.
    const shared = (tube: string): boolean =>
      sharing.some((other) => watchedBy(other, other.unanswered).has(tube));
    if ([...watched].some((tube) => this.#stirred.has(tube) && shared(tube))) return true;
    if (waits(own) > 1 || sharing.some((other) => waits(other.unanswered) > 1)) return true;
    if (sharing.length > 2) return true;
    return sharing.length === 2 && (watched.size > 1 || sharing.some((other) => other.watched.size > 1));
  }

  /** The step has been sent: its asks count from now on. */
  sent(step: Step, plan: Plan): void {
    const party = this.#party(step.on);
    this.#parties.set(step.on, party);
    this.nextId += plan.framing.idsTaken - party.framing.idsTaken;
    party.uploading = !plan.framing.uploading
      ? 0
      : party.framing.uploading && plan.asks.length === 0
      ? party.uploading
      : this.nextId - 1;
    party.framing = plan.framing;
    if (party.unanswered.length === 0) party.since = ++this.#steps;
    party.unanswered.push(...plan.asks);
    if (step.then === "close") this.#closed(party);
  }

  #closed(party: Party): void {
    if (party.unanswered.length > 0) this.#stir(party);
    party.closed = true;
    party.unanswered = [];
    party.uploading = 0;
  }

  /** Takes over what the reference answered. */
  learn(observed: readonly Observed[]): void {
    for (const { on, reply } of observed) {
      const party = this.#parties.get(on);
      if (!party) continue;
      if (reply.startsWith("(")) {
        this.#closed(party);
        continue;
      }
      const ask = party.unanswered[0];
      if (ask?.kind === "wait" || reply.startsWith("RESERVED")) this.#stir(party);
      party.unanswered.shift();
      const reserved = /^RESERVED (\d+)/.exec(reply)?.[1];
      if (reserved !== undefined) party.held.add(reserved);
      else if (/^(RELEASED|BURIED|DELETED)/.test(reply)) {
        party.held.delete(String(Number(/\d+/.exec(ask.line)?.[0])));
      }
      if (reply.startsWith("WATCHING")) {
        const tube = ask.line.slice(ask.line.indexOf(" ") + 1);
        if (ask.line.startsWith("watch ")) party.watched.add(tube);
        else party.watched.delete(tube);
      }
    }
  }

  #stir(party: Party): void {
    for (const tube of watchedBy(party, party.unanswered)) this.#stirred.add(tube);
  }
}

/** The tubes watched now or after the asks that are still to run. */
function watchedBy(party: Party, asks: readonly Ask[]): Set<string> {
  const tubes = new Set(party.watched);
  for (const { line } of asks) if (line.startsWith("watch ")) tubes.add(line.slice(6));
  return tubes;
}
