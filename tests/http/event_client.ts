// A client of live events, as a browser is one: it parses the stream and lets a test wait for what it is interested in.
import { sleep } from "../support/runtime.ts";

export interface LiveEvent {
  readonly event: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

export class EventClient {
  readonly events: LiveEvent[] = [];
  readonly response: Response;
  /** The stream has ended, in whatever way. */
  isOver = false;
  private readonly abort: AbortController;

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.abort = abort;
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventClient> {
    const abort = new AbortController();
    const client = new EventClient(await fetch(url, { headers, signal: abort.signal }), abort);
    void client.read();
    return client;
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of this.response.body!) {
        text += decoder.decode(chunk, { stream: true });
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          this.take(text.slice(0, end));
          text = text.slice(end + 2);
        }
      }
    } catch {
      // closed by the test
    }
    this.isOver = true;
  }

  private take(block: string): void {
    const match = /^event: (\S+)\ndata: (.*)$/.exec(block);
    if (match) this.events.push({ event: match[1], data: JSON.parse(match[2]) });
    else if (!/^(?:retry: \d+|:)$/.test(block)) throw new Error(`not an event: ${block}`);
  }

  /** The data of all events of a kind so far. */
  // deno-lint-ignore no-explicit-any
  of(event: string): any[] {
    return this.events.filter((each) => each.event === event).map(({ data }) => data);
  }

  /** Waits until the condition holds; throws after `ms`. */
  async until(condition: () => boolean, ms = 60_000): Promise<void> {
    const giveUpAt = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > giveUpAt) {
        throw new Error(`nothing of that kind among ${JSON.stringify(this.events).slice(-2000)}`);
      }
      await sleep(10);
    }
  }

  close(): void {
    this.abort.abort();
  }
}
