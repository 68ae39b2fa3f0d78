import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { BEAT_MS, Durations, LAG_BOUNDS_MS, LoopLag } from "../../src/server/loop_lag.ts";

describe("Durations", () => {
  it("counts each duration in the first bucket that holds it", () => {
    const durations = new Durations();
    for (const ms of [0, 1, 1.001, 2, 999, 1000, 1000.5, 60_000]) durations.add(ms);
    const counts = LAG_BOUNDS_MS.map(() => 0);
    counts[LAG_BOUNDS_MS.indexOf(1)] = 2;
    counts[LAG_BOUNDS_MS.indexOf(2)] = 2;
    counts[LAG_BOUNDS_MS.indexOf(1000)] = 2;
    assertEquals([...durations.counts], [...counts, 2]);
    assertEquals(durations.count, 8);
    assertEquals(durations.totalMs, 0 + 1 + 1.001 + 2 + 999 + 1000 + 1000.5 + 60_000);
    assertEquals(durations.longestMs, 60_000);
  });
});

describe("LoopLag", () => {
  it("measures a turn from its first input to its end", () => {
    const lag = new LoopLag();
    lag.began(100);
    lag.began(104);
    lag.ended(107);
    assertEquals(lag.turns.count, 1);
    assertEquals(lag.turns.longestMs, 7);
    lag.ended(500); // no turn had begun
    assertEquals(lag.turns.count, 1);
    lag.began(600);
    lag.ended(601);
    assertEquals(lag.turns.totalMs, 8);
    assertEquals(lag.turns.longestMs, 7);
  });

  it("tells how late the timer rang, and never counts below zero", () => {
    const lag = new LoopLag();
    lag.rang(1000, 1030);
    lag.rang(2000, 1999.5);
    assertEquals(lag.lateness.count, 2);
    assertEquals(lag.lateness.longestMs, 30);
    assertEquals(lag.lateness.totalMs, 30);
  });

  it("asks for one beat after work, and for none after a beat alone", () => {
    const lag = new LoopLag();
    assertEquals(lag.beatAt, Infinity);
    lag.began(0);
    lag.ended(10);
    assertEquals(lag.beatAt, 10 + BEAT_MS);
    lag.began(500);
    lag.ended(501);
    assertEquals(lag.beatAt, 10 + BEAT_MS, "work in between does not put it off");
    lag.rang(10 + BEAT_MS, 12 + BEAT_MS);
    lag.began(12 + BEAT_MS);
    lag.ended(13 + BEAT_MS);
    assertEquals(lag.beatAt, Infinity, "idle: nothing wakes it");
    lag.began(5000);
    lag.ended(5001);
    assertEquals(lag.beatAt, 5001 + BEAT_MS, "work again: one beat again");
  });

  it("keeps the beat when the timer rings sooner for something else", () => {
    const lag = new LoopLag();
    lag.began(0);
    lag.ended(1);
    lag.rang(400, 401);
    lag.began(401);
    lag.ended(402);
    assertEquals(lag.beatAt, 1 + BEAT_MS);
  });
});
