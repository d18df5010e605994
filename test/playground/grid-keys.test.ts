import { expect, it } from "vitest";
import { nextCell } from "../../playground/grid-keys.ts";

const limits = { rows: 3_000_000, columns: 5, page: 20 };

function press(key: string, row: number, column: number, modifiers: { ctrlKey?: boolean } = {}): unknown {
  const event = { key, ctrlKey: false, metaKey: false, altKey: false, ...modifiers };
  const cell = nextCell(event, { row, column }, limits);
  return cell && [cell.row, cell.column];
}

it("moves by cells, rows, pages and to every edge", () => {
  expect(press("ArrowDown", 7, 2)).toEqual([8, 2]);
  expect(press("ArrowUp", 7, 2)).toEqual([6, 2]);
  expect(press("ArrowLeft", 7, 2)).toEqual([7, 1]);
  expect(press("ArrowRight", 7, 2)).toEqual([7, 3]);
  expect(press("PageDown", 7, 2)).toEqual([27, 2]);
  expect(press("PageUp", 27, 2)).toEqual([7, 2]);
  expect(press("Home", 7, 2)).toEqual([7, 0]);
  expect(press("End", 7, 2)).toEqual([7, 4]);
  expect(press("Home", 7, 2, { ctrlKey: true })).toEqual([0, 0]);
  expect(press("End", 7, 2, { ctrlKey: true })).toEqual([2_999_999, 4]);
  expect(press("ArrowDown", 7, 2, { ctrlKey: true })).toEqual([2_999_999, 2]);
});

it("stays inside the table and its header", () => {
  expect(press("ArrowUp", 0, 0)).toEqual([-1, 0]);
  expect(press("ArrowUp", -1, 0)).toEqual([-1, 0]);
  expect(press("ArrowRight", -1, 0)).toEqual([-1, 1]);
  expect(press("ArrowDown", -1, 0)).toEqual([0, 0]);
  expect(press("ArrowLeft", 0, 0)).toEqual([0, 0]);
  expect(press("PageUp", 3, 4)).toEqual([0, 4]);
  expect(press("PageDown", 2_999_990, 4)).toEqual([2_999_999, 4]);
  expect(press("ArrowRight", 2_999_999, 4)).toEqual([2_999_999, 4]);
});

it("leaves other keys to the browser", () => {
  expect(press("Tab", 1, 1)).toBeUndefined();
  expect(press("c", 1, 1, { ctrlKey: true })).toBeUndefined();
});
