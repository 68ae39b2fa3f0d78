// Who asks, in the tables of commands and routes: everybody in whom rights can differ.
import { type Scope, SCOPES } from "../../src/access/scopes.ts";

const LONG_AGO = "2020-01-01";

/** A token's text by what it is for. */
export function tokenFor(scope: Scope | string, where: string): string {
  return `token-${scope}-${where === "*" ? "all" : where}-0123456789`;
}

/** Everything but one scope. Nobody has an admin's scopes without it. */
const othersOf = (scope: Scope): Scope[] => SCOPES.filter((other) => other !== scope && other !== "admin");

/** The token file for both tables. */
export function tableTokens(): string {
  return SCOPES.flatMap((scope) => [
    ...["here", "there", "*"].map((where) =>
      `${scope}-${where === "*" ? "all" : where} ${scope}=${where} token=${tokenFor(scope, where)}`
    ),
    `${scope}-ended ${scope}=* token=${tokenFor(scope, "ended")} expires=${LONG_AGO}`,
    `not-${scope} ${othersOf(scope).map((other) => `${other}=*`).join(" ")} token=${
      tokenFor(`not-${scope}`, "*")
    }`,
  ]).join("\n");
}

export interface Asker {
  readonly title: string;
  /** The token of this asker, where `scope` is what is needed; null shows none. */
  token(scope: Scope): string | null;
  /** Whether the server knows who it is. */
  readonly isKnown: boolean;
  /** Where the asker has the scope. */
  readonly where: "here" | "there" | "*" | "nowhere";
}

const asker = (title: string, isKnown: boolean, where: Asker["where"], token: Asker["token"]): Asker => ({
  title,
  token,
  isKnown,
  where,
});

export const ASKERS: readonly Asker[] = [
  asker("right", true, "here", (scope) => tokenFor(scope, "here")),
  asker("right for all tubes", true, "*", (scope) => tokenFor(scope, "*")),
  asker("admin", true, "*", () => tokenFor("admin", "*")),
  asker("every other scope", true, "nowhere", (scope) => tokenFor(`not-${scope}`, "*")),
  asker("other tube", true, "there", (scope) => tokenFor(scope, "there")),
  asker("no token", false, "nowhere", () => null),
  asker("wrong token", false, "nowhere", (scope) => `${tokenFor(scope, "here")}x`),
  asker("token that has ended", false, "nowhere", (scope) => tokenFor(scope, "ended")),
];

/** Whether a known asker has what is needed: the scope (or some scope) for the tube "here", for any tube, or for all. */
export function isLetIn({ where }: Asker, what: "scope" | "some", subject: "here" | "any" | "all"): boolean {
  if (what === "some") return where !== "there"; // who lacks the scope has the others, for all tubes
  if (subject === "any") return where !== "nowhere";
  return where === "*" || (where === "here" && subject === "here");
}
