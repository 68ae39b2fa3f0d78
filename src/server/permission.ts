// The rules of src/access/command_rules.ts by the code of a command, as numbers: what is looked at on the way of each command.

import { COMMAND_RULES, UNDECLARED } from "../access/command_rules.ts";
import type { CommandRule, Subject } from "../access/command_rules.ts";
import { ALL_SCOPES, NO_SCOPE, SCOPE_BITS } from "../access/scopes.ts";
import type { Scope } from "../access/scopes.ts";
import { wordOf } from "../protocol/command.ts";

/** For which tube the scopes are needed. */
export const NO_TUBE = 0;
export const USED_TUBE = 1;
export const WATCHED_TUBES = 2;
export const NAMED_TUBE = 3;
export const JOBS_TUBE = 4;
export const ANY_TUBE = 5;
export const ALL_TUBES = 6;

/** What one command needs. */
export interface Permission {
  readonly isForStrangers: boolean;
  readonly subject: number;
  /** Any of these scopes will do; the scope itself is there for questions about tubes in general. */
  readonly scopes: number;
  readonly scope: Scope;
  /** As well, when the connection holds the job. */
  readonly whenHeld: number;
}

const SUBJECTS: Readonly<Record<Subject, number>> = {
  used: USED_TUBE,
  watched: WATCHED_TUBES,
  named: NAMED_TUBE,
  job: JOBS_TUBE,
  any: ANY_TUBE,
  all: ALL_TUBES,
};
const MOST_CODES = 256;

/** By the command's code. */
export const PERMISSIONS: readonly Permission[] = Array.from(
  { length: MOST_CODES },
  (_, code) => permissionOf(COMMAND_RULES[wordOf(code)] ?? UNDECLARED),
);

/** Asking is less than doing. */
export const DRAIN_STATUS: Permission = permissionOf(COMMAND_RULES["drain status"]);

function permissionOf({ scope, subject, whenHeld }: CommandRule): Permission {
  const isScope = scope !== "everyone" && scope !== "known" && scope !== "some";
  return {
    isForStrangers: scope === "everyone",
    subject: subject === null ? NO_TUBE : SUBJECTS[subject],
    scopes: isScope ? SCOPE_BITS[scope] : scope === "some" ? ALL_SCOPES : NO_SCOPE,
    scope: isScope ? scope : "admin",
    whenHeld: whenHeld === undefined ? NO_SCOPE : SCOPE_BITS[whenHeld],
  };
}
