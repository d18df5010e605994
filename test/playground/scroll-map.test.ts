import { describe, expect, it } from "vitest";
import {
  lastOffset,
  MAX_HEIGHT,
  rowsOffset,
  type ScrollSpace,
  scrolledHeight,
  scrollPosition,
} from "../../playground/scroll-map.ts";

const few: ScrollSpace = { rows: 28 * 1000, view: 500 };
const threeMillion: ScrollSpace = { rows: 28 * 3_000_000, view: 500 };

describe("a result that fits", () => {
  it("scrolls pixel by pixel", () => {
    expect(scrolledHeight(few)).toBe(few.rows);
    for (const position of [0, 1, 1234, few.rows - few.view]) {
      expect(rowsOffset(position, few)).toBe(position);
      expect(scrollPosition(position, few)).toBe(position);
    }
  });

  it("does not scroll when it is shorter than the view", () => {
    const short = { rows: 100, view: 500 };
    expect(lastOffset(short)).toBe(0);
    expect(rowsOffset(40, short)).toBe(0);
    expect(scrollPosition(40, short)).toBe(0);
  });
});

describe("84 million pixels of rows", () => {
  const bottom = MAX_HEIGHT - threeMillion.view;

  it("stay below what a phone with three device pixels each can lay out", () => {
    expect(scrolledHeight(threeMillion)).toBeLessThan(2 ** 31 / 64 / 3);
  });

  it("have their first and last row at the ends of the bar", () => {
    expect(rowsOffset(0, threeMillion)).toBe(0);
    expect(rowsOffset(bottom, threeMillion)).toBe(threeMillion.rows - threeMillion.view);
  });

  it("move 1:1 near both ends", () => {
    expect(rowsOffset(900_000, threeMillion)).toBe(900_000);
    expect(rowsOffset(bottom - 900_000, threeMillion)).toBe(lastOffset(threeMillion) - 900_000);
  });

  it("move one way only, and back to where the bar was", () => {
    let before = -1;
    for (let position = 0; position <= bottom; position += 9973) {
      const offset = rowsOffset(position, threeMillion);
      expect(offset).toBeGreaterThan(before);
      expect(Math.abs(scrollPosition(offset, threeMillion) - position)).toBeLessThan(1);
      before = offset;
    }
  });
});
