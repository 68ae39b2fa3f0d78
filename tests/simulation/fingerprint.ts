// A hash of a run, the same on every runtime as long as everything happened in the same way. Two 32-bit lanes, since
// whole numbers beyond 53 bits would be slow.

export class Fingerprint {
  private a = 0x811c9dc5;
  private b = 0x9e3779b9;

  byte(value: number): void {
    this.a = Math.imul(this.a ^ value, 0x01000193);
    this.b = Math.imul(this.b ^ value, 0x85ebca6b);
    this.b ^= this.b >>> 13;
  }

  bytes(bytes: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) this.byte(bytes[i]);
  }

  /** A number with up to 53 bits and quarters. */
  number(value: number): void {
    let rest = Math.floor(value * 4);
    for (let i = 0; i < 7; i++) {
      this.byte(rest & 0xff);
      rest = Math.floor(rest / 256);
    }
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return [this.a, this.b].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
