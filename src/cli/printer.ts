/** What the command line prints to: stdout and stderr, without line ends. */
export interface Printer {
  say(line: string): void;
  warn(line: string): void;
}
