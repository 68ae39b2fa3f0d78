/// <reference lib="dom" />
// What a page is, and what it is given by the console.

import type { ServerInfo } from "../../model.ts";
import type { Capability } from "../../source.ts";
import type { Api } from "./api.ts";
import type { Question } from "./dialog.ts";
import type { Format } from "./format.ts";
import type { Trends } from "./trends.ts";
import type { Child, Children } from "./vnode.ts";
import type { Translate } from "./words.ts";

/** What the pages share. */
export interface Desk {
  readonly t: Translate;
  readonly format: Format;
  readonly api: Api;
  /** What is known of the server; the pages are not shown before it is. */
  readonly server: ServerInfo;
  readonly trends: Trends;
  can(capability: Capability): boolean;
  /** Goes to another page of the console. */
  go(path: string): void;
  /** Asks before something happens; the fields' values, or null. */
  ask(question: Question): Promise<Record<string, string> | null>;
  /** Carries something out and tells how it went; false when it failed. Then the page is loaded again, unless it is left. */
  act(work: () => Promise<string>, isLeaving?: boolean): Promise<boolean>;
}

/** Where the page is: the path's variable part and the filters, which live in the address. */
export interface Place {
  readonly name: string;
  readonly query: URLSearchParams;
  /** Changes filters in the address and loads again. Empty ones leave it. */
  filter(changes: Readonly<Record<string, string | null>>): void;
}

export interface Page {
  readonly title: string;
  /** Which entry of the navigation it belongs to. */
  readonly section: Section;
  /** Seconds between loads while the page is looked at. */
  readonly everySeconds: number;
  load(signal: AbortSignal): Promise<void>;
  /** Asked for only after a load has gone well. */
  view(): Children;
}

export type Section = "problems" | "tubes" | "connections" | "server";
export type PageMaker = (desk: Desk, place: Place) => Page;
export type { Child, Children };
