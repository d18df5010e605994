import type { Column } from "./columns.ts";
import { make } from "./page.ts";
import type { SortBy } from "./result/sort.ts";
import { clamp } from "./scroll-map.ts";

/** What people do with a grid's header. */
export interface HeadActions {
  sort(column: number): void;
  resize(column: number, width: number): void;
  fit(column: number): void;
  selectAll(): void;
}

/** What the header looks like. */
export interface HeadLook {
  numberWidth: number;
  /** The half-open range of columns on screen. */
  shown: readonly [number, number];
  sort: SortBy | undefined;
  /** The column whose header the keyboard is at, and the id it is to have. */
  active: number | undefined;
  activeId: string;
}

const NARROWEST = 40;
const BROADEST = 2400;

/** The row with the columns' names: sorts by a click, and resizes at their right edges. */
export class GridHead {
  readonly element: HTMLElement = make("div", "grid-head");
  readonly #corner = make("div", "grid-number");
  readonly #cells: HTMLElement[] = [];
  readonly #actions: HeadActions;
  #columns: readonly Column[] = [];

  constructor(actions: HeadActions) {
    this.#actions = actions;
    this.element.role = "row";
    this.element.ariaRowIndex = "1";
    this.#corner.role = "columnheader";
    this.#corner.ariaLabel = "Row number";
    this.#corner.ariaColIndex = "1";
    this.#corner.textContent = "#";
    this.#corner.addEventListener("click", () => actions.selectAll());
    this.element.append(this.#corner);
    this.element.addEventListener("click", (event) => {
      const cell = (event.target as Element).closest<HTMLElement>("[data-column]");
      if (cell && !isGrip(event.target)) actions.sort(Number(cell.dataset.column));
    });
    this.element.addEventListener("dblclick", (event) => {
      if (isGrip(event.target)) actions.fit(columnOf(event.target));
    });
    this.element.addEventListener("pointerdown", (event) => {
      if (isGrip(event.target) && event.button === 0) this.#drag(event, columnOf(event.target));
    });
  }

  draw(columns: readonly Column[], { numberWidth, shown: [from, to], sort, active, activeId }: HeadLook): void {
    this.#columns = columns;
    this.#corner.style.width = `${numberWidth}px`;
    while (this.#cells.length < to - from) this.#cells.push(this.#newCell());
    for (const surplus of this.#cells.splice(to - from)) surplus.remove();
    this.#cells.forEach((cell, i) => {
      const index = from + i;
      const column = columns[index]!;
      const isActive = active === index;
      cell.firstChild!.textContent = column.name;
      cell.className = `grid-cell${column.numeric ? " numeric" : ""}${isActive ? " selected" : ""}`;
      cell.id = isActive ? activeId : "";
      cell.dataset.column = String(index);
      cell.ariaColIndex = String(index + 2);
      cell.ariaDescription = column.type;
      cell.ariaSort = sort?.column === index ? (sort.descending ? "descending" : "ascending") : "none";
      cell.style.left = `${column.left}px`;
      cell.style.width = `${column.width}px`;
    });
  }

  #newCell(): HTMLElement {
    const cell = make("div", "grid-cell", make("span", "name"), make("div", "grip"));
    cell.role = "columnheader";
    this.element.append(cell);
    return cell;
  }

  #drag(event: PointerEvent, column: number): void {
    event.preventDefault();
    const start = this.#columns[column]!.width;
    const stop = new AbortController();
    const { signal } = stop;
    const move = ({ clientX }: PointerEvent) =>
      this.#actions.resize(column, start + Math.round(clientX - event.clientX));
    addEventListener("pointermove", move, { signal });
    addEventListener("pointerup", () => stop.abort(), { signal });
    addEventListener("pointercancel", () => stop.abort(), { signal });
  }
}

/** A width that a column may have by hand. */
export function resized(width: number): number {
  return clamp(width, NARROWEST, BROADEST);
}

function isGrip(target: EventTarget | null): boolean {
  return target instanceof Element && target.className === "grip";
}

function columnOf(target: EventTarget | null): number {
  return Number((target as Element).closest<HTMLElement>("[data-column]")?.dataset.column);
}
