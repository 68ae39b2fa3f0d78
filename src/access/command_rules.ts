// What each command of the text protocol needs: the one place where that is declared. The server checks by it, and the table
// in docs/SECURITY.md is made from it.

import type { Scope } from "./scopes.ts";

/** For which tube a scope is needed. */
export type Subject =
  /** The tube in use. */
  | "used"
  /** Each watched tube. */
  | "watched"
  /** The tube that the command names. */
  | "named"
  /** The tube of the job that the command names. */
  | "job"
  /** Any tube: it is enough to have the scope somewhere. */
  | "any"
  /** All tubes: the pattern `*`. */
  | "all";

export interface CommandRule {
  /** `everyone`: also who has not said who it is. `known`: any identity. `some`: any scope will do. */
  readonly scope: Scope | "everyone" | "known" | "some";
  readonly subject: Subject | null;
  /** The scope that is enough when this connection holds the job. */
  readonly whenHeld?: Scope;
}

const rule = (scope: CommandRule["scope"], subject: Subject | null, whenHeld?: Scope): CommandRule =>
  whenHeld === undefined ? { scope, subject } : { scope, subject, whenHeld };

/** By the command's word. A command that is missing here is refused to all but an administrator of all tubes. */
export const COMMAND_RULES: Readonly<Record<string, CommandRule>> = {
  put: rule("put", "used"),
  use: rule("some", "named"),
  reserve: rule("reserve", "watched"),
  "reserve-with-timeout": rule("reserve", "watched"),
  "reserve-job": rule("reserve", "job"),
  delete: rule("admin", "job", "reserve"),
  release: rule("reserve", "job"),
  bury: rule("reserve", "job"),
  touch: rule("reserve", "job"),
  watch: rule("reserve", "named"),
  ignore: rule("known", null),
  peek: rule("read", "job", "reserve"),
  "peek-ready": rule("read", "used"),
  "peek-delayed": rule("read", "used"),
  "peek-buried": rule("read", "used"),
  kick: rule("admin", "used"),
  "kick-job": rule("admin", "job"),
  "stats-job": rule("read", "job", "reserve"),
  "stats-tube": rule("read", "named"),
  stats: rule("read", "any"),
  "list-tubes": rule("read", "all"),
  "list-tube-used": rule("known", null),
  "list-tubes-watched": rule("known", null),
  "list-jobs": rule("read", "named"),
  "pause-tube": rule("admin", "named"),
  truncate: rule("admin", "named"),
  "delete-tube": rule("admin", "named"),
  drain: rule("admin", "all"),
  "drain status": rule("read", "any"),
  capabilities: rule("everyone", null),
  ping: rule("everyone", null),
  auth: rule("everyone", null),
  quit: rule("everyone", null),
};

/** For a command that is not declared. */
export const UNDECLARED: CommandRule = rule("admin", "all");
