// Our own commands to calls of the engine, like dispatch.ts for the reference's.

import type { Engine } from "../core/engine.ts";
import * as out from "../core/outbox.ts";
import type { Session } from "../core/session.ts";
import * as commands from "../protocol/command.ts";
import type { Command } from "../protocol/command.ts";
import { isUsedTube } from "../protocol/extensions.ts";

/** Puts the name of the tube in use where a hyphen stands for it. Comes before anything asks which tube is meant. */
export function nameUsedTube(command: Command, session: Session): void {
  if (command.code < commands.TRUNCATE || command.code > commands.LIST_JOBS || !isUsedTube(command)) return;
  command.source = session.used.name;
  command.nameFrom = 0;
  command.nameTo = session.used.name.length;
}

/** Whether a command may take milliseconds, so that whoever sent it runs no other in the same turn. */
export function takesWholeShare({ code }: Command): boolean {
  return code === commands.LIST_JOBS;
}

/** Runs a command of our own. */
export function dispatchExtension(engine: Engine, session: Session, command: Command): void {
  const { source, nameFrom, nameTo } = command;
  const { counters, outbox } = engine;
  switch (command.code) {
    case commands.TRUNCATE:
      counters.truncate++;
      return engine.truncate(session, source, nameFrom, nameTo, command.states);
    case commands.DELETE_TUBE:
      counters.deleteTube++;
      return engine.deleteTube(session, source, nameFrom, nameTo);
    case commands.LIST_JOBS:
      return listJobs(engine, session, command);
    case commands.CAPABILITIES:
      counters.capabilities++;
      return outbox.reply(session, out.CAPABILITIES);
    case commands.PING:
      counters.ping++;
      return outbox.reply(session, out.PONG);
    case commands.DRAIN:
      counters.drain++;
      if (command.setting !== null) engine.isDraining = command.setting;
      return outbox.reply(session, out.DRAIN_STATE, engine.isDraining ? 1 : 0);
    default:
      throw new Error(`no command has the code ${command.code}`);
  }
}

function listJobs(engine: Engine, session: Session, command: Command): void {
  const { counters, outbox } = engine;
  counters.listJobs++;
  const tube = engine.tubes.find(command.source, command.nameFrom, command.nameTo);
  if (tube === undefined) return outbox.reply(session, out.NOT_FOUND);
  outbox.listed = engine.inspection.listJobs(tube, command.state, command.cursor, command.bound);
  outbox.reply(session, out.LISTED_JOBS, tube.slot);
}
