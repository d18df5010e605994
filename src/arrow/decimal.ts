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
