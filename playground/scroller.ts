import { clamp, lastOffset, rowsOffset, type ScrollSpace, scrolledHeight, scrollPosition } from "./scroll-map.ts";

/** How long, in milliseconds, nothing must move before scrolling counts as over. */
export const REST_MS = 150;

/**
 * Scrolls any number of rows inside one element. Small movements (wheel, finger, keys) move the rows by as many pixels;
 * large ones (dragging the bar) go through the squeezed map. What the first kind lets the bar lag behind is made up for
 * once scrolling rests.
 */
export class Scroller {
  /** Pixels of rows above the visible part. */
  offset = 0;
  readonly #element: HTMLElement;
  readonly #body: HTMLElement;
  readonly #onMove: () => void;
  #space: ScrollSpace = { rows: 0, view: 0 };
  #position = 0;
  #held = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** `body`: the child of the scrolling `element` that holds the rows; its height is set here. */
  constructor(element: HTMLElement, body: HTMLElement, onMove: () => void) {
    this.#element = element;
    this.#body = body;
    this.#onMove = onMove;
    element.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // A finger on the screen must not feel the rows being put elsewhere.
    element.addEventListener("touchstart", () => this.#hold(true), { passive: true });
    element.addEventListener("touchend", () => this.#hold(false), { passive: true });
    element.addEventListener("touchcancel", () => this.#hold(false), { passive: true });
  }

  /** What to add to a row's offset to get its place in `body`. */
  get shift(): number {
    return this.#position - this.offset;
  }

  resize(space: ScrollSpace): void {
    const grewOnly = space.rows >= this.#space.rows && space.view === this.#space.view;
    this.#space = space;
    this.#body.style.height = `${scrolledHeight(space)}px`;
    if (grewOnly) this.#restSoon();
    else this.moveTo(this.offset);
  }

  moveTo(offset: number): void {
    this.offset = clamp(Math.round(offset), 0, lastOffset(this.#space));
    this.#settle();
    this.#onMove();
  }

  #hold(held: boolean): void {
    this.#held = held;
    if (!held) this.#restSoon();
  }

  #onScroll(): void {
    const position = this.#element.scrollTop;
    const moved = position - this.#position;
    this.#position = position;
    // No movement: it went sideways, or this is the echo of a position set here.
    if (moved !== 0) this.offset = this.#offsetAfter(moved);
    this.#onMove();
    if (moved !== 0) this.#restSoon();
  }

  #offsetAfter(moved: number): number {
    const end = lastOffset(this.#space);
    if (this.#position <= 0) return 0;
    if (this.#position >= scrolledHeight(this.#space) - this.#space.view - 1) return end;
    if (Math.abs(moved) < this.#space.view) return clamp(this.offset + moved, 0, end);
    return rowsOffset(this.#position, this.#space);
  }

  #restSoon(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      if (this.#held) return;
      this.#settle();
      this.#onMove();
    }, REST_MS);
  }

  /** Puts the scroll bar where `offset` says. */
  #settle(): void {
    clearTimeout(this.#rest);
    const position = scrollPosition(this.offset, this.#space);
    if (Math.abs(position - this.#position) >= 1) this.#element.scrollTop = position;
    this.#position = this.#element.scrollTop;
  }
}
