// One parsed command to one call of the engine. What a command means is in the engine; how it is spelt, in the parser.

import type { Engine } from "../core/engine.ts";
import type { Session } from "../core/session.ts";
import * as commands from "../protocol/command.ts";
import type { Command } from "../protocol/command.ts";
import { dispatchExtension } from "./extensions.ts";

/** Runs any command but put and quit, which concern the connection's bytes, and pause-tube with a bad name. */
export function dispatch(engine: Engine, session: Session, command: Command, now: number): void {
  const { source, nameFrom, nameTo } = command;
  switch (command.code) {
    case commands.RESERVE:
      return engine.reserve(session, now);
    case commands.RESERVE_WITH_TIMEOUT:
      return engine.reserveWithTimeout(session, command.seconds, now);
    case commands.RESERVE_JOB:
      return engine.reserveJob(session, command.id, now);
    case commands.DELETE:
      return engine.delete(session, command.id);
    case commands.RELEASE:
      return engine.release(session, command.id, command.pri, command.delay, now);
    case commands.BURY:
      return engine.bury(session, command.id, command.pri);
    case commands.TOUCH:
      return engine.touch(session, command.id, now);
    case commands.KICK:
      return engine.kick(session, command.bound, now);
    case commands.KICK_JOB:
      return engine.kickJob(session, command.id, now);
    case commands.PEEK:
      return engine.peek(session, command.id);
    case commands.PEEK_READY:
      return engine.peekReady(session);
    case commands.PEEK_DELAYED:
      return engine.peekDelayed(session);
    case commands.PEEK_BURIED:
      return engine.peekBuried(session);
    case commands.USE:
      return engine.use(session, source, nameFrom, nameTo);
    case commands.WATCH:
      return engine.watch(session, source, nameFrom, nameTo);
    case commands.IGNORE:
      return engine.ignore(session, source, nameFrom, nameTo);
    case commands.PAUSE_TUBE:
      return engine.pauseTube(session, source, nameFrom, nameTo, command.seconds, now);
    case commands.STATS:
      return engine.stats(session);
    case commands.STATS_JOB:
      return engine.statsJob(session, command.id);
    case commands.STATS_TUBE:
      return engine.statsTube(session, source, nameFrom, nameTo);
    case commands.LIST_TUBES:
      return engine.listTubes(session);
    case commands.LIST_TUBE_USED:
      return engine.listTubeUsed(session);
    case commands.LIST_TUBES_WATCHED:
      return engine.listTubesWatched(session);
    default:
      return dispatchExtension(engine, session, command);
  }
}
