/// <reference lib="dom" />
// The console: finds the page of the address, keeps it loaded and drawn, and gives it what it needs.

import type { ServerInfo, TubePage } from "../../model.ts";
import { type Api, ApiError, createApi } from "./api.ts";
import { ask } from "./dialog.ts";
import { createFormat } from "./format.ts";
import { type KeyAct, listenForKeys, SHORTCUTS } from "./keys.ts";
import { loginView } from "./login_view.ts";
import { notice, whisper } from "./notices.ts";
import type { Desk, Page, Place } from "./page.ts";
import { OLD_SECONDS } from "./problems_page.ts";
import { shortageCount } from "./refusals.ts";
import { pageAt } from "./routes.ts";
import { shellView } from "./shell_view.ts";
import { applyTheme, nextTheme, storedTheme, type Theme } from "./theme.ts";
import { Trends } from "./trends.ts";
import { Visit } from "./visit.ts";
import { h, render, type VNode } from "./vnode.ts";
import { type Language, preferredLanguage, storeLanguage, type Translate, translator } from "./words.ts";

/** How often what the header shows is asked for, in milliseconds. */
const HEADER_EVERY_MS = 5000;

/** Who we are to the server. */
interface Session {
  readonly identity: string | null;
  readonly csrf: string | null;
  /** Nobody is asked who they are. */
  readonly isOpen: boolean;
}

class App {
  readonly #root: HTMLElement;
  readonly #api: Api;
  readonly #trends = new Trends();
  #drawn: readonly VNode[] = [];
  #language: Language = preferredLanguage();
  #t: Translate = translator(this.#language);
  #theme: Theme = storedTheme();
  #server: ServerInfo | null = null;
  #problems = 0;
  #headerAt = -Infinity;
  #who: string | null = null;
  #isDenied = false;
  #deniedWhy: string | null = null;
  /** What is on the screen. */
  #visit: Visit;
  /** What takes its place as soon as it has something to show. */
  #next: Visit | null = null;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#api = createApi(() => this.#deny());
    this.#visit = this.#newVisit();
  }

  async start(): Promise<void> {
    applyTheme(this.#theme);
    addEventListener("popstate", () => this.#open());
    document.addEventListener("click", (event) => this.#follow(event));
    document.addEventListener(
      "visibilitychange",
      () => document.hidden ? this.#visit.rest() : void this.#visit.load(),
    );
    listenForKeys((act) => this.#press(act));
    await this.#greet();
    this.#open();
  }

  /** Who we are, where the server has access control. */
  async #greet(): Promise<void> {
    try {
      this.#know(await this.#api.get<Session>("/v1/session"));
    } catch { /* the first load says what is wrong */ }
  }

  #know({ identity, csrf, isOpen }: Session): void {
    this.#api.csrf = csrf;
    this.#who = csrf === null ? null : identity;
    this.#isDenied = !isOpen && identity === null;
  }

  #deny(): void {
    this.#leaveAll();
    this.#isDenied = true;
    this.#who = null;
    this.#draw();
  }

  async #enter(token: string): Promise<void> {
    try {
      this.#know(await this.#api.send<Session>("POST", "/v1/session", { token }));
      this.#deniedWhy = null;
      this.#open();
    } catch (error) {
      this.#deniedWhy = this.#sentence(error);
      this.#draw();
    }
  }

  async #leave(): Promise<void> {
    await this.#api.send("DELETE", "/v1/session").catch(() => {});
    this.#api.csrf = null;
    this.#deny();
  }

  /** Opens the page of the address. */
  #open(): void {
    this.#leaveAll();
    this.#visit = this.#newVisit();
    this.#draw();
    if (!this.#isDenied) void this.#visit.load();
  }

  /** The same page with other filters: what is on the screen stays until the new is there. */
  #refilter(): void {
    this.#leaveAll();
    this.#next = this.#newVisit();
    void this.#next.load();
  }

  #leaveAll(): void {
    this.#visit.leave();
    this.#next?.leave();
    this.#next = null;
  }

  #newVisit(): Visit {
    let page: Page | null = null;
    const open = async (signal: AbortSignal): Promise<Page | null> => {
      await this.#loadHeader(signal);
      return page ??= this.#makePage();
    };
    return new Visit(open, (visit) => {
      if (visit === this.#next) {
        this.#visit = visit;
        this.#next = null;
      }
      this.#draw();
    });
  }

  async #loadHeader(signal: AbortSignal): Promise<void> {
    if (performance.now() - this.#headerAt < HEADER_EVERY_MS) return;
    const [server, problems] = await Promise.all([
      this.#api.get<ServerInfo>("/v1/server", {}, signal),
      this.#api.get<TubePage>("/v1/tubes", { filter: "problems", oldSeconds: OLD_SECONDS, limit: 1 }, signal),
    ]);
    this.#server = server;
    const total = problems.total + shortageCount(server);
    if (total !== this.#problems) whisper(this.#t("shell.problemsNow", { n: total }));
    this.#problems = total;
    this.#headerAt = performance.now();
  }

  #makePage(): Page | null {
    const found = pageAt(location.pathname);
    if (!found) return null;
    const place: Place = {
      name: found.name,
      query: new URLSearchParams(location.search),
      filter: (changes) => {
        const query = new URLSearchParams(location.search);
        for (const [name, value] of Object.entries(changes)) {
          value === null ? query.delete(name) : query.set(name, value);
        }
        const text = query.toString();
        history.replaceState(null, "", location.pathname + (text === "" ? "" : `?${text}`));
        this.#refilter();
      },
    };
    return found.make(this.#desk(), place);
  }

  #desk(): Desk {
    const server = (): ServerInfo => this.#server!;
    const t = this.#t;
    return {
      t,
      format: createFormat(this.#language, t),
      api: this.#api,
      get server() {
        return server();
      },
      trends: this.#trends,
      can: (capability) => server().capabilities.includes(capability),
      go: (path) => this.#go(path),
      ask,
      act: (work, isLeaving) => this.#act(work, isLeaving),
    };
  }

  async #act(work: () => Promise<string>, isLeaving = false): Promise<boolean> {
    try {
      const text = await work();
      if (text !== "") notice(text, false);
    } catch (error) {
      notice(this.#sentence(error), true);
      return false;
    }
    this.#headerAt = -Infinity;
    if (!isLeaving) await this.#visit.load();
    return true;
  }

  #sentence(error: unknown): string {
    if (!(error instanceof ApiError)) return String(error);
    if (error.message === "timeout" && error.status === 0) return this.#t("fault.timeout");
    if (error.status === 0) return this.#t("fault.unreachable");
    return error.field ? `${error.field}: ${error.message}` : error.message;
  }

  #go(path: string): void {
    history.pushState(null, "", path);
    this.#open();
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }

  /** Links within the console change the page without loading everything anew. */
  #follow(event: MouseEvent): void {
    if (
      event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey ||
      event.altKey
    ) return;
    const link = (event.target as Element).closest("a");
    if (!link || link.origin !== location.origin || link.target !== "" || !pageAt(link.pathname)) return;
    if (link.hash !== "" && link.pathname === location.pathname) return;
    event.preventDefault();
    this.#go(link.pathname + link.search + link.hash);
  }

  #press(act: KeyAct): void {
    if (act === "search") document.querySelector<HTMLInputElement>("[data-search]")?.focus();
    else if (act === "help") this.#help();
    else if (act === "reload") void this.#visit.load();
    else if (act === "theme") this.#switchTheme();
    else this.#go(act === "problems" ? "/" : `/console/${act}`);
  }

  #help(): void {
    const t = this.#t;
    const rows = SHORTCUTS.map(([keys, , word]) =>
      h("div", null, h("dt", null, keys.split(" ").map((key) => h("kbd", null, key))), h("dd", null, t(word)))
    );
    void ask({ title: t("keys.title"), text: h("dl", { class: "keys" }, rows), yes: t("close"), no: "" });
  }

  #switchTheme(): void {
    this.#theme = nextTheme(this.#theme);
    applyTheme(this.#theme);
    this.#draw();
    notice(this.#t("theme.label", { theme: this.#t(`theme.${this.#theme}`) }), false);
  }

  #switchLanguage(): void {
    this.#language = this.#language === "en" ? "zh" : "en";
    storeLanguage(this.#language);
    this.#t = translator(this.#language);
    this.#open();
  }

  #draw(): void {
    const t = this.#t;
    document.documentElement.lang = this.#language;
    const { page, isLoaded, fault } = this.#visit;
    const isUnknown = pageAt(location.pathname) === null;
    document.title = `${page?.title ?? t("nav.problems")} · Runnerbean`;
    const shell = {
      t,
      language: this.#language,
      theme: this.#theme,
      server: this.#server,
      section: page?.section ?? null,
      problems: this.#problems,
      fault: this.#isDenied || fault === null ? null : this.#sentence(fault),
      isLoading: !isLoaded && !this.#isDenied && fault === null && !isUnknown,
      who: this.#who,
      switchTheme: () => this.#switchTheme(),
      switchLanguage: () => this.#switchLanguage(),
      help: () => this.#help(),
      retry: () => void this.#visit.load(),
      leave: () => void this.#leave(),
    };
    const content = this.#isDenied
      ? loginView(t, this.#deniedWhy, (token) => void this.#enter(token))
      : isUnknown
      ? h("p", { class: "empty" }, t("shell.unknownPage"))
      : isLoaded
      ? page?.view()
      : null;
    this.#drawn = render(this.#root, shellView(shell, content), this.#drawn);
  }
}

await new App(document.getElementById("app")!).start();
