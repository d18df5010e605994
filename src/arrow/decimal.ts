import { Misfit } from "./misfit.ts";

/**
 * Reads little-endian two's complement integers of 1, 2, 4 or 8 32-bit words (decimal32 to decimal256).
 *
 * @returns the unscaled value; most are small, so one that fits a double's 53 bits never becomes a bigint
 */
export function unscaledReader(words: Int32Array, width: number): (i: number) => number | bigint {
  if (width === 1) return (i) => words[i]!;
  return (i) => {
    const start = i * width;
    const low = words[start]! >>> 0;
    const high = words[start + 1]!;
    const sign = words[start + width - 1]! >> 31;
    let small = high >> 21 === sign; // 2^53 and more need more than 20 bits beside the sign in the second word
    for (let w = start + 2; small && w < start + width; w++) small = words[w] === sign;
    if (small) return high * 2 ** 32 + low;
    let value = BigInt(words[start + width - 1]!);
    for (let w = start + width - 2; w >= start; w--) value = (value << 32n) | BigInt(words[w]! >>> 0);
    return value;
  };
}

/** An unscaled value with its scale, never with an exponent: (-12340, 3) → "-12.340", (12, -2) → "1200". */
export function formatDecimal(unscaled: number | bigint, scale: number): string {
  const text = unscaled.toString();
  if (scale === 0) return text;
  if (scale < 0) return unscaled === 0 || unscaled === 0n ? "0" : text + "0".repeat(-scale);
  const negative = text.startsWith("-");
  const digits = (negative ? text.slice(1) : text).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${negative ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/;

/**
 * The unscaled value of a decimal: ("-12.34", 3) → -12340n, ("1200", -2) → 12n. Exact, or else it throws a Misfit.
 *
 * An exponent is taken too, because numbers print themselves with one.
 */
export function parseDecimal(text: string, scale: number): bigint {
  const match = decimalText.exec(text);
  const [, sign, whole = "", fraction = "", exponent = "0"] = match ?? [];
  if (match === null || whole + fraction === "") throw new Misfit("is not a decimal number");
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return 0n;
  const shift = scale + Number(exponent) - fraction.length;
  const kept = shift < 0 ? digits.slice(0, shift) : digits;
  if (shift < 0 && /[1-9]/.test(digits.slice(Math.max(0, digits.length + shift))))
    throw new Misfit("has more digits behind the point than the scale allows");
  // Longer than any decimal256: 10^76 is what the caller compares with, so the zeros need not be written out.
  const unscaled = BigInt(kept === "" ? "0" : kept) * 10n ** BigInt(Math.min(Math.max(shift, 0), 400));
  return sign === "-" ? -unscaled : unscaled;
}
