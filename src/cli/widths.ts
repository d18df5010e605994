/** What a column needs of a line. */
export interface Need {
  /** Columns of the terminal that its widest cell takes. */
  readonly natural: number;
  /** The least that is of use; numbers are not cut, so theirs is all they need. */
  readonly least: number;
}

/**
 * Shares out a line.
 *
 * Columns get what they need when all fit. Otherwise the widest give way first, down to their least; when that does not
 * do either, the last columns are left out: fewer widths than needs come back, one at least.
 *
 * @param gap between two columns
 * @param reserve what the mark of columns left out takes
 */
export function shareOut(needs: readonly Need[], width: number, gap: number, reserve: number): number[] {
  const total = (widths: readonly number[]): number => widths.reduce((sum, w) => sum + w + gap, -gap);
  const natural = needs.map((need) => need.natural);
  if (total(natural) <= width) return natural;
  let count = needs.length;
  const least = needs.map((need) => Math.min(need.least, need.natural));
  let room = width;
  if (total(least) > width) {
    room = width - reserve;
    while (count > 1 && total(least.slice(0, count)) > room) count--;
  }
  // The highest common limit to which all widths can be cut.
  let cap = Math.max(...natural);
  const capped = (): number[] => needs.slice(0, count).map((_, i) => Math.max(least[i]!, Math.min(natural[i]!, cap)));
  while (cap > 1 && total(capped()) > room) cap--;
  const widths = capped();
  // What rounding left over goes to those that were cut, from the left.
  for (let i = 0, spare = room - total(widths); i < count && spare > 0; i++) {
    if (widths[i]! >= natural[i]!) continue;
    widths[i]!++;
    spare--;
  }
  return widths;
}
