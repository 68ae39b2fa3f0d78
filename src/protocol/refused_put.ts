// How many bytes of body follow a put line that is refused for its form: the client sends them all the same, and run as commands
// they could be anything that a producer was given by somebody else. Reads a line in pieces and keeps nothing of it.

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const DIGIT_0 = 0x30;
const MAX_U32 = 0xffff_ffff;
/** pri, delay, ttr, bytes. */
const FIELDS = 4;
/** A field that is no number of 32 bits. */
const NO_NUMBER = -1;

export class RefusedPut {
  private fields = 0;
  private isInField = false;
  /** There was a space where a field could have begun. */
  private isFieldDue = false;
  private hasEmptyField = false;
  /** A CR came, which belongs to the line if no LF follows. */
  private isCrDue = false;
  /** The digits that the present field began with, and whether it is nothing else. */
  private digits = NO_NUMBER;
  private isNumber = true;
  /** Fields of the first three that are numbers, and what the fourth begins with. */
  private numbers = 0;
  private fourth = NO_NUMBER;

  /** Begins with what follows `put ` in a new line. */
  start(): void {
    this.fields = this.numbers = 0;
    this.isInField = this.hasEmptyField = false;
    this.isFieldDue = this.isCrDue = false;
    this.digits = this.fourth = NO_NUMBER;
    this.isNumber = true;
  }

  /** The next `bytes[from, to)` of the line, which may end with its CR LF. */
  read(bytes: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const byte = bytes[i];
      const isAfterCr = this.isCrDue;
      this.isCrDue = byte === CR;
      if (isAfterCr && byte === LF) continue; // the line's end
      if (isAfterCr) this.byte(CR);
      if (byte === SPACE) this.space();
      else if (byte !== CR) this.byte(byte);
    }
  }

  private space(): void {
    if (this.isInField) this.endField();
    else this.isFieldDue = true;
  }

  private byte(byte: number): void {
    if (!this.isInField) {
      this.hasEmptyField ||= this.isFieldDue;
      this.isFieldDue = false;
      this.isInField = this.isNumber = true;
      this.digits = NO_NUMBER;
    }
    const digit = byte - DIGIT_0;
    if (digit < 0 || digit > 9) this.isNumber = false;
    else if (this.isNumber) this.digits = Math.min(Math.max(this.digits, 0) * 10 + digit, MAX_U32 + 1);
  }

  private endField(): void {
    this.isInField = false;
    this.fields++;
    if (this.digits > MAX_U32) {
      this.digits = NO_NUMBER;
      this.isNumber = false;
    }
    if (this.fields < FIELDS && this.isNumber) this.numbers++;
    if (this.fields === FIELDS) this.fourth = this.digits;
  }

  /**
   * The line is at its end. Answers the size of the body, without its CR LF, or -1 when the line does not tell it: the fourth field
   * where the first three are numbers, else the last one. With fewer fields it is the last one if one of them is empty, as
   * when a client's priority was an empty text: `put  0 60 5`.
   */
  bodyBytes(): number {
    if (this.isCrDue) this.byte(CR);
    if (this.isInField) this.endField();
    const last = this.isNumber ? this.digits : NO_NUMBER;
    if (this.fields < FIELDS) return this.hasEmptyField ? last : NO_NUMBER;
    if (this.numbers === FIELDS - 1 && this.fourth !== NO_NUMBER) return this.fourth;
    return last === NO_NUMBER ? this.fourth : last;
  }
}
