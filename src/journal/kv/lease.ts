// Who may write to a store. The lease is a key that its holder writes again every so often, and whose versionstamp every
// commit checks: when somebody else has taken it, no commit of the old holder goes through any more.
//
// Nobody's clock is compared with another's. Who wants the lease looks at it for as long as it is valid: when it is renewed
// meanwhile, its holder lives, and the start is refused. A holder that could not renew it in time holds its replies back
// until it could: by then somebody else may have it.

import type { KvCheck, KvEntry, KvKey, KvMutation, KvStore } from "../../ports/kv.ts";
import { LogProblem } from "../problem.ts";

/** A process that wants the lease, as others will see it. */
export interface Claimant {
  /** Random text; no two starts have the same. */
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  /** Where process numbers mean the same, and when this process began; empty when that cannot be known. */
  readonly place: string;
  readonly startedAt: string;
}

export interface LeaseOptions {
  readonly claimant: Claimant;
  /** Whether that process is known to be gone, so that its lease need not run out. */
  readonly isGone: (holder: Claimant) => boolean;
  /** Milliseconds, monotonic. */
  readonly stopwatch: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told once when the lease is another's and it must be waited for whether it is renewed. */
  readonly waiting?: (holder: string, ms: number) => void;
  readonly validMs?: number;
}

export const LEASE_VALID_MS = 10_000;
/** So often it is renewed while it is valid. */
const RENEWALS = 5;
const LOOK_AGAIN_MS = 250;
/** Nobody waits longer than this for another's lease to run out. */
const LONGEST_VALID_MS = 600_000;

interface LeaseValue extends Claimant {
  readonly version: 1;
  /** Counts the holders. */
  readonly epoch: number;
  readonly validMs: number;
  /** Its holder has ended in good order. */
  readonly isFree: boolean;
}

export class Lease {
  readonly epoch: number;
  /** When the commit began that renewed it last, by the stopwatch. */
  renewedAt: number;
  private versionstamp: string;
  private readonly key: KvKey;
  private readonly options: LeaseOptions;
  private readonly validMs: number;

  constructor(key: KvKey, epoch: number, versionstamp: string, renewedAt: number, options: LeaseOptions) {
    this.key = key;
    this.epoch = epoch;
    this.versionstamp = versionstamp;
    this.renewedAt = renewedAt;
    this.options = options;
    this.validMs = options.validMs ?? LEASE_VALID_MS;
  }

  /** What every commit checks. */
  get check(): KvCheck {
    return { key: this.key, versionstamp: this.versionstamp };
  }

  /** By its stopwatch. */
  get now(): number {
    return this.options.stopwatch();
  }

  /** Milliseconds until it is to be renewed; 0 or less: now. */
  get renewInMs(): number {
    return this.renewedAt + this.validMs / RENEWALS - this.now;
  }

  /** It was not renewed for so long that it may be another's. */
  get isDoubtful(): boolean {
    return this.now - this.renewedAt > this.validMs * (1 - 1 / RENEWALS);
  }

  /** To be written by a commit with the check; then call {@link renewed}. */
  renewal(isFree: boolean): KvMutation {
    return { key: this.key, value: encodeLease(this.options.claimant, this.epoch, this.validMs, isFree) };
  }

  /** The commit that wrote it began then, and went through. */
  renewed(versionstamp: string, at: number): void {
    this.versionstamp = versionstamp;
    this.renewedAt = at;
  }
}

/** Takes the lease. Throws a {@link LogProblem} when somebody else has it. */
export async function takeLease(store: KvStore, key: KvKey, options: LeaseOptions): Promise<Lease> {
  const { claimant, stopwatch, validMs = LEASE_VALID_MS } = options;
  const found = await store.get(key);
  const held = found === null ? null : decodeLease(found);
  if (found !== null && held !== null && !held.isFree && !options.isGone(held)) {
    await outwait(store, found, held, options);
  }
  const epoch = (held?.epoch ?? 0) + 1;
  const renewedAt = stopwatch();
  const check = { key, versionstamp: found?.versionstamp ?? null };
  const versionstamp = await store.commit([check], [{
    key,
    value: encodeLease(claimant, epoch, validMs, false),
  }]);
  if (versionstamp === null) throw new LogProblem("locked", await describeOther(store, key));
  return new Lease(key, epoch, versionstamp, renewedAt, options);
}

/** Returns when the lease was not renewed for as long as it is valid. */
async function outwait(
  store: KvStore,
  found: KvEntry,
  held: LeaseValue,
  options: LeaseOptions,
): Promise<void> {
  const { stopwatch, sleep, waiting } = options;
  waiting?.(describeHolder(held), held.validMs);
  const giveUpAt = stopwatch() + held.validMs;
  while (stopwatch() < giveUpAt) {
    await sleep(Math.min(LOOK_AGAIN_MS, held.validMs / RENEWALS));
    const now = await store.get(found.key);
    if (now?.versionstamp !== found.versionstamp) {
      throw new LogProblem("locked", await describeOther(store, found.key));
    }
  }
}

/** Says who has the lease. */
export async function describeOther(store: KvStore, key: KvKey): Promise<string> {
  const entry = await store.get(key);
  return entry === null ? "somebody removed the lease" : `in use by ${describeHolder(decodeLease(entry))}`;
}

function describeHolder({ host, pid, epoch }: LeaseValue): string {
  return `process ${pid}${host === "" ? "" : ` on ${host}`} (lease ${epoch})`;
}

function encodeLease(claimant: Claimant, epoch: number, validMs: number, isFree: boolean): Uint8Array {
  const value: LeaseValue = { version: 1, ...claimant, epoch, validMs, isFree };
  return new TextEncoder().encode(JSON.stringify(value));
}

function decodeLease({ key, value }: KvEntry): LeaseValue {
  try {
    const lease = JSON.parse(new TextDecoder().decode(value));
    const { version, owner, host, place, startedAt, pid, epoch, validMs, isFree } = lease;
    const isText = [owner, host, place, startedAt].every((text) => typeof text === "string");
    const areNumbers = [pid, epoch, validMs].every((number) => Number.isSafeInteger(number) && number >= 0);
    const isLease = isText && areNumbers && validMs <= LONGEST_VALID_MS && typeof isFree === "boolean";
    if (version === 1 && isLease) return lease;
  } catch {
    // said below
  }
  throw new LogProblem("foreign", `${JSON.stringify(key)} is no lease of Runnerbean, or of a later version`);
}
