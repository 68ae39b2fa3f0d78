// A job in hand. It speaks on its own lane only, and not at all once it is settled or its lane is lost: so it can never
// touch a job that somebody else holds by now.

import { priorityOf, secondsOf } from "./arguments.ts";
import type { Answer } from "./backend.ts";
import { textOf } from "./codec.ts";
import { fieldsOf } from "./documents.ts";
import { DisconnectedError, LostLeaseError, refusal } from "./errors.ts";
import type { BuryOptions, Job, JobOutcome, JobStats, ReleaseOptions } from "./face.ts";
import type { Holding } from "./holding.ts";

export class HeldJob<Content> implements Job<Content> {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly body: Content;
  readonly holding: Holding;
  state: "held" | "settled" | "lost" = "held";
  outcome: JobOutcome | null = null;
  /** The attempt to settle it, when there was one: it may be under way. */
  settlement: Promise<void> | null = null;
  private hasLeft = false;
  private ownSignal: AbortSignal | null = null;

  constructor(id: number, bytes: Uint8Array, body: Content, holding: Holding) {
    this.id = id;
    this.bytes = bytes;
    this.body = body;
    this.holding = holding;
  }

  text(): string {
    return textOf(this.bytes);
  }

  get signal(): AbortSignal {
    return this.ownSignal ??= this.holding.signalFor(this.id);
  }

  delete(): Promise<void> {
    return this.state === "held" ? this.settlement = this.deleteIt() : this.deleteIt();
  }

  release(options: ReleaseOptions = {}): Promise<void> {
    return this.state === "held" ? this.settlement = this.releaseIt(options) : this.releaseIt(options);
  }

  bury(options: BuryOptions = {}): Promise<void> {
    return this.state === "held" ? this.settlement = this.buryIt(options) : this.buryIt(options);
  }

  async touch(): Promise<void> {
    this.mustBeHeld();
    const answer = await this.ask(`touch ${this.id}`);
    if (answer.word !== "TOUCHED") throw this.refused(answer.word, "touch");
  }

  async stats(): Promise<JobStats> {
    this.mustBeHeld();
    const answer = await this.ask(`stats-job ${this.id}`);
    if (answer.bytes === null) throw this.refused(answer.word, "stats-job");
    return fieldsOf(answer.bytes) as JobStats;
  }

  /** It is out of the lane's hands; counted once, whoever notices it. */
  leave(): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.holding.settled();
  }

  /** Gives it back by closing its lane, with whatever else the lane holds: ready again, and no release is counted. */
  abandon(): void {
    if (!this.hasLeft && !this.holding.isLost) this.holding.lane.close();
  }

  private async deleteIt(): Promise<void> {
    this.settle();
    const { missing, word } = await this.orLost(this.holding.lane.delete([this.id]));
    if (missing.length > 0) throw this.refused("NOT_FOUND", "delete");
    if (word !== "") throw this.refused(word, "delete");
    this.outcome = "deleted";
    this.leave();
  }

  private async releaseIt(options: ReleaseOptions): Promise<void> {
    const delay = secondsOf("delay", options.delay ?? 0);
    const { priority } = options;
    if (priority !== undefined) priorityOf(priority);
    this.settle();
    const pri = priority ?? await this.ownPriority();
    await this.end(`release ${this.id} ${pri} ${delay}`, "RELEASED");
    this.outcome = "released";
  }

  private async buryIt(options: BuryOptions): Promise<void> {
    const { priority } = options;
    if (priority !== undefined) priorityOf(priority);
    this.settle();
    const pri = priority ?? await this.ownPriority();
    await this.end(`bury ${this.id} ${pri}`, "BURIED");
    this.outcome = "buried";
  }

  private async end(line: string, word: string): Promise<void> {
    const answer = await this.ask(line);
    if (answer.word === word) return this.leave();
    if (answer.word === "BURIED") {
      this.outcome = "buried"; // the server had no room to keep it where it was to go
      this.leave();
      throw refusal("BURIED", "release");
    }
    throw this.refused(answer.word, line.slice(0, line.indexOf(" ")));
  }

  private async ownPriority(): Promise<number> {
    const answer = await this.ask(`stats-job ${this.id}`);
    if (answer.bytes === null) throw this.refused(answer.word, "stats-job");
    return (fieldsOf(answer.bytes) as JobStats).pri;
  }

  private ask(line: string): Promise<Answer> {
    return this.orLost(this.holding.lane.ask(line));
  }

  /** It is about to be settled: no second call may be. */
  private settle(): void {
    this.mustBeHeld();
    this.state = "settled";
  }

  private mustBeHeld(): void {
    if (this.holding.isLost && this.state === "held") this.state = "lost";
    if (this.state === "held") return;
    throw new LostLeaseError(this.id, this.holding.isLost ? "DISCONNECTED" : "NOT_FOUND");
  }

  private async orLost<T>(reply: Promise<T>): Promise<T> {
    try {
      return await reply;
    } catch (error) {
      if (!(error instanceof DisconnectedError)) throw error;
      this.state = "lost";
      throw new LostLeaseError(this.id, "DISCONNECTED");
    }
  }

  /** NOT_FOUND means that the lease is lost; after any other refusal the job is held as before. */
  private refused(word: string, command: string): Error {
    if (word !== "NOT_FOUND") {
      this.state = "held";
      return refusal(word, command);
    }
    this.state = "lost";
    this.leave();
    return new LostLeaseError(this.id, "NOT_FOUND");
  }
}
