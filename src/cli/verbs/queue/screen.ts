// The whole terminal, for as long as a live table is shown; given back as it was, also after Ctrl-C.

import process from "node:process";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const REST_OF_LINE = "\x1b[K";
const REST_OF_SCREEN = "\x1b[J";
/** q, Ctrl-C, Escape. */
const LEAVING: readonly string[] = ["q", "Q", "\x03", "\x1b"];

export class Screen {
  /** Somebody pressed q, Escape or Ctrl-C. */
  isLeft = false;
  private wakeUp: () => void = () => {};
  private readonly pressed = (keys: Uint8Array | string): void => {
    if (!LEAVING.includes(String(keys))) return;
    this.isLeft = true;
    this.wakeUp();
  };

  constructor() {
    process.stdout.write(ENTER);
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    process.stdin.on("data", this.pressed);
  }

  /** Lines that do not fit are left out; the last line of the screen is the foot. */
  draw(lines: readonly string[], foot: string): void {
    const { rows = 24, columns = 80 } = process.stdout;
    const shown = lines.slice(0, rows - 1);
    const hidden = lines.length - shown.length;
    const last = hidden > 0 ? `${foot}; ${hidden} more lines` : foot;
    const all = [...shown, ...Array<string>(rows - 1 - shown.length).fill(""), last];
    const text = all.map((line) => line.slice(0, columns) + REST_OF_LINE).join("\r\n");
    process.stdout.write(HOME + text + REST_OF_SCREEN);
  }

  /** Until the time is up or somebody leaves. */
  wait(ms: number): Promise<void> {
    if (this.isLeft) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  [Symbol.dispose](): void {
    process.stdin.off("data", this.pressed);
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write(LEAVE);
  }
}
