// A clock that stands still until its owner moves it: time for simulations and for tests without sockets.
// It calls nobody by itself. Cost: as many calls as there are callbacks.

import type { Clock } from "../../ports/clock.ts";

export class VirtualClock implements Clock {
  private instant: number;
  private alarmAt = Infinity;
  private alarm: (() => void) | null = null;
  private turnEnds: (() => void)[] = [];

  /** `startAt` in milliseconds since 1970. */
  constructor(startAt: number = 0) {
    this.instant = startAt;
  }

  now(): number {
    return this.instant;
  }

  wakeAt(instant: number, wake: () => void): void {
    this.alarmAt = instant;
    this.alarm = instant === Infinity ? null : wake;
  }

  afterTurn(callback: () => void): void {
    this.turnEnds.push(callback);
  }

  afterInput(callback: () => void): void {
    this.turnEnds.push(callback);
  }

  // For the owner.

  /** When the pending wake wants to be called; Infinity when there is none. */
  get wakesAt(): number {
    return this.alarmAt;
  }

  /** Whether somebody waits for the end of the turn. */
  get isTurnOpen(): boolean {
    return this.turnEnds.length > 0;
  }

  /** Moves time on, and nothing else: what is due is left waiting, as on a machine whose timers are late. */
  moveTo(instant: number): void {
    if (!(instant >= this.instant)) throw new RangeError(`time goes on: ${this.instant} to ${instant}`);
    this.instant = instant;
  }

  /** Calls the pending wake if its instant has come. False when there was none to call. */
  ring(): boolean {
    const { alarm } = this;
    if (alarm === null || this.alarmAt > this.instant) return false;
    this.alarm = null;
    this.alarmAt = Infinity;
    alarm();
    return true;
  }

  /** Ends the turn. Callbacks that are asked for meanwhile belong to the next one. False when nobody waited. */
  endTurn(): boolean {
    const callbacks = this.turnEnds;
    if (callbacks.length === 0) return false;
    this.turnEnds = [];
    for (const callback of callbacks) callback();
    return true;
  }
}
