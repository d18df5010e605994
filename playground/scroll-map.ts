/**
 * Where the rows are when there are more pixels of them than a browser can lay out.
 *
 * Browsers stop growing an element at about 33.5 million device pixels (Chromium: 2^31 units of 1/64 px), a third of that
 * in CSS pixels on a phone with three device pixels each. So the scrolled element is never taller than `MAX_HEIGHT`;
 * beyond it, both ends still map 1:1 and the middle is squeezed.
 */
export const MAX_HEIGHT = 4_000_000;

/** Pixels at each end that map 1:1, so that nobody who scrolls by hand reaches an end too early. */
const EDGE = 1_000_000;

export interface ScrollSpace {
  /** Height of all rows, in pixels. */
  rows: number;
  /** Height of the part of the rows that is on screen, in pixels. */
  view: number;
}

/** Height to give the scrolled element. */
export function scrolledHeight(space: ScrollSpace): number {
  return Math.min(space.rows, MAX_HEIGHT);
}

/** The largest offset into the rows. */
export function lastOffset(space: ScrollSpace): number {
  return Math.max(0, space.rows - space.view);
}

/** The offset into the rows that a scroll position stands for. */
export function rowsOffset(scroll: number, space: ScrollSpace): number {
  const end = lastOffset(space);
  const scrollEnd = Math.max(0, scrolledHeight(space) - space.view);
  if (end === scrollEnd || scroll <= EDGE) return clamp(scroll, 0, end);
  if (scroll >= scrollEnd - EDGE) return clamp(end - (scrollEnd - scroll), 0, end);
  return Math.round(EDGE + ((scroll - EDGE) * (end - 2 * EDGE)) / (scrollEnd - 2 * EDGE));
}

/** The scroll position that stands for an offset into the rows: the inverse of `rowsOffset`. */
export function scrollPosition(offset: number, space: ScrollSpace): number {
  const end = lastOffset(space);
  const scrollEnd = Math.max(0, scrolledHeight(space) - space.view);
  if (end === scrollEnd || offset <= EDGE) return clamp(offset, 0, scrollEnd);
  if (offset >= end - EDGE) return clamp(scrollEnd - (end - offset), 0, scrollEnd);
  return EDGE + ((offset - EDGE) * (scrollEnd - 2 * EDGE)) / (end - 2 * EDGE);
}

/** `value`, moved into the range from `low` to `high`. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
