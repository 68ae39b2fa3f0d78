// The reply to list-tubes or list-tubes-watched when there are very many tubes: measured and then written a piece at a time,
// so that neither other connections wait for it nor all of it is in memory at once.

import type { Tube } from "../core/tube.ts";
import { YamlDocument } from "../protocol/document.ts";
import type { ReplyWriter } from "../protocol/encoder.ts";

/** A list of up to so many tubes is written at once, in some hundred microseconds. */
export const LISTED_AT_ONCE = 4096;

const encoder = new TextEncoder();
const OK = encoder.encode("OK ");
const CRLF = encoder.encode("\r\n");

export class TubeListing {
  private readonly tubes: readonly Tube[];
  private readonly document = new YamlDocument();
  private measured = 0;
  private bytes = 0;
  private written = 0;

  /** `tubes` as they are now: the array must not change any more. */
  constructor(tubes: readonly Tube[]) {
    this.tubes = tubes;
    this.document.begin();
    this.bytes = this.document.length;
  }

  /** Goes on with one piece. True when all is written. */
  writeSome(writer: ReplyWriter): boolean {
    const { document, tubes } = this;
    if (this.measured < tubes.length) {
      this.measured = this.addItems(this.measured);
      this.bytes += document.length;
      if (this.measured === tubes.length) this.writeHead(writer);
      return false;
    }
    this.written = this.addItems(this.written);
    writer.copy(document.bytes, 0, document.length);
    if (this.written < tubes.length) return false;
    writer.bytes(CRLF);
    return true;
  }

  private writeHead(writer: ReplyWriter): void {
    writer.bytes(OK);
    writer.number(this.bytes);
    writer.bytes(CRLF);
    this.document.begin();
    writer.copy(this.document.bytes, 0, this.document.length);
  }

  /** Fills the document with a piece of the list; returns where the next one begins. */
  private addItems(from: number): number {
    const { document, tubes } = this;
    const end = Math.min(tubes.length, from + LISTED_AT_ONCE);
    document.length = 0;
    for (let i = from; i < end; i++) document.item(tubes[i].name);
    return end;
  }
}
