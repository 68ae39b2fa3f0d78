// Bytes as rows of offset, hexadecimal digits and the printable characters among them.

const PER_ROW = 16;

/** `hex` is two digits per byte. */
export function hexDump(hex: string): string {
  const rows: string[] = [];
  for (let at = 0; at < hex.length; at += PER_ROW * 2) {
    const bytes = hex.slice(at, at + PER_ROW * 2).match(/../g) ?? [];
    const shown = bytes.map((byte) => {
      const code = parseInt(byte, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·";
    });
    const digits = `${bytes.slice(0, 8).join(" ")}  ${bytes.slice(8).join(" ")}`;
    rows.push(`${(at / 2).toString(16).padStart(6, "0")}  ${digits.padEnd(PER_ROW * 3)}  ${shown.join("")}`);
  }
  return rows.join("\n");
}
