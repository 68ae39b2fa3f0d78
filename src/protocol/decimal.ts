// Whole numbers in decimal, digit by digit into bytes: no string is made.

const DIGIT_0 = 0x30;

/** Numbers below this are written with whole-number arithmetic alone, in less than half of the time. */
const SMALL = 1e9;

/** No whole number up to 2^53 - 1 has more digits. */
export const LONGEST_DECIMAL = 16;

/**
 * Writes a whole number from 0 to 2^53 - 1 at `at`; there must be room. Returns how many digits it has. Whatever else it is
 * given becomes such a number, so that nothing but digits is ever written: fractions are cut off, a negative number and NaN are
 * written as 0, what is too large as 2^53 - 1.
 */
export function writeDecimal(into: Uint8Array, at: number, value: number): number {
  if (value < SMALL) return writeSmall(into, at, value > 0 ? value : 0);
  if (!(value <= Number.MAX_SAFE_INTEGER)) {
    return writeDecimal(into, at, value > 0 ? Number.MAX_SAFE_INTEGER : 0);
  }
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const tenth = Math.floor(rest / 10);
    into[place] = DIGIT_0 + Math.floor(rest - tenth * 10);
    rest = tenth;
  }
  return digits;
}

function writeSmall(into: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let limit = 10; digits < 9 && value >= limit; limit *= 10) digits++;
  let rest = value | 0;
  for (let place = at + digits - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    into[place] = DIGIT_0 + (rest - tenth * 10);
    rest = tenth;
  }
  return digits;
}
