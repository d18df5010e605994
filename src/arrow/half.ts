// IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits.

export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half, ties to even; infinity from 65520 on. */
export function numberToHalf(number: number): number {
  if (Number.isNaN(number)) return 0x7e00;
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0;
  const size = Math.abs(number);
  if (size >= 65_520) return sign | 0x7c00;
  // Halves of exponent e are 2^(e-10) apart, and 2^-24 below the smallest normal one.
  let exponent = -14;
  while (size >= 2 ** (exponent + 1)) exponent++;
  const units = roundTiesToEven(size / 2 ** (exponent - 10));
  // The units of a normal half begin at 1024, which counts its exponent field up from one less; so does rounding to 2048.
  return sign | ((exponent + 14) * 1024 + units);
}

function roundTiesToEven(n: number): number {
  const down = Math.floor(n);
  const rest = n - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
