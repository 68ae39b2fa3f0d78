// Reads the answers on a connection, to say whether they are whole, in order, and none of them a failure.

export interface Read {
  readonly statuses: readonly number[];
  /** What is wrong, or "". */
  readonly fault: string;
}

/** All answers to requests that are not HEAD; 101 ends it. A last answer that was cut is left out. */
export function readAnswers(text: string): Read {
  const statuses: number[] = [];
  let at = 0;
  while (at < text.length) {
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd < 0) break;
    const head = text.slice(at, headEnd);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
    if (status === 0) return { statuses, fault: `no status line: ${JSON.stringify(head.slice(0, 100))}` };
    at = headEnd + 4;
    if (status === 100) continue;
    statuses.push(status);
    if (status === 101) return { statuses, fault: "" };
    if (/^transfer-encoding: chunked$/im.test(head)) return { statuses, fault: "" }; // a stream: it goes on
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (at + length > text.length) {
      statuses.pop();
      break;
    }
    at += length;
  }
  return { statuses, fault: "" };
}
