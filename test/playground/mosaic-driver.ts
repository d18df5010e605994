import type { Locator, Page } from "playwright";

/** What a person does on the dashboard and sees of it. */
export class MosaicDriver {
  readonly page: Page;
  /** Errors of the page and of its console, in the order they came. */
  readonly complaints: string[];

  constructor(page: Page, complaints: string[]) {
    this.page = page;
    this.complaints = complaints;
  }

  /** Waits until all histograms are drawn. */
  async drawn(): Promise<void> {
    for (const title of ["delay", "departure", "Distance"]) await this.#bars(title, 1).first().waitFor();
  }

  /** The number of selected flights, as soon as it is `expected`. */
  async selected(expected: number): Promise<void> {
    await this.page.locator("#selected[data-state=done]", { hasText: expected.toLocaleString("en-US") }).waitFor();
  }

  /** Drags across a histogram, from one part of its width to another, with stops on the way; returns the range it says. */
  async brush(title: string, from: number, to: number): Promise<string> {
    const { left, top, width } = await this.#frame(title);
    await this.page.mouse.move(left + from * width, top + 50);
    await this.page.mouse.down();
    await this.page.mouse.move(left + to * width, top + 60, { steps: 8 });
    await this.page.mouse.up();
    await this.settled();
    return await this.range(title);
  }

  /** Waits until what is shown has not changed for a while: Mosaic hands on a brush's moves one answer at a time. */
  async settled(): Promise<void> {
    const shown = (): Promise<string> => this.page.locator("#dashboard").evaluate((dashboard) => dashboard.innerHTML);
    for (let before = "", now = await shown(); before !== now; ) {
      await this.page.waitForTimeout(400);
      await this.page.locator("#selected[data-state=done]").waitFor();
      [before, now] = [now, await shown()];
    }
  }

  /** Brushes with a finger. */
  async touch(title: string, from: number, to: number): Promise<void> {
    const { left, top, width } = await this.#frame(title);
    const session = await this.page.context().newCDPSession(this.page);
    const send = (type: "touchStart" | "touchMove" | "touchEnd", at?: number): Promise<unknown> =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: at === undefined ? [] : [{ x: left + at * width, y: top + 60 }],
      });
    await send("touchStart", from);
    for (let step = 1; step <= 5; step++) await send("touchMove", from + ((to - from) * step) / 5);
    await send("touchEnd");
    await this.settled();
  }

  /** The sentence above the histograms. */
  async headline(): Promise<string> {
    return (await this.page.locator(".headline p").innerText()).replace(/\s+/g, " ");
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  range(title: string): Promise<string> {
    return this.#figure(title).locator(".range").innerText();
  }

  /** What the tooltip says over that part of the histogram's width. */
  async tip(title: string, at: number): Promise<string> {
    const { left, top, width, height } = await this.#frame(title);
    await this.page.mouse.move(left + at * width - 2, top + height / 2);
    await this.page.mouse.move(left + at * width, top + height / 2);
    const tip = this.#figure(title).locator('[aria-label="tip"] text');
    await tip.waitFor();
    // Plot writes zero-width spaces between the lines.
    return (await tip.evaluate((text) => text.textContent ?? "")).replaceAll("\u200b", " ").trim();
  }

  /** Heights of the bars in front, or of the grey ones, from left to right, in pixels; of those within the axes. */
  async heights(title: string, layer: "all" | "selected"): Promise<number[]> {
    return await this.#bars(title, layer === "all" ? 0 : 1).evaluateAll((rects) => {
      const number = (rect: Element, name: string): number => Number(rect.getAttribute(name));
      // The server answers for bins beyond the axis too.
      const area = rects[0]!.closest("svg")!.querySelector(".overlay")!;
      const [from, to] = [number(area, "x"), number(area, "x") + number(area, "width")];
      return rects
        .map((rect) => ({ x: number(rect, "x"), height: number(rect, "height") }))
        .filter(({ x }) => x >= from && x < to)
        .sort((a, b) => a.x - b.x)
        .map(({ height }) => height);
    });
  }

  #figure(title: string): Locator {
    return this.page.locator("figure", { has: this.page.getByRole("heading", { name: title }) });
  }

  #bars(title: string, layer: number): Locator {
    return this.#figure(title).locator('svg [aria-label="rect"]').nth(layer).locator("rect");
  }

  /** The area inside the axes, in pixels of the page. */
  async #frame(title: string): Promise<{ left: number; top: number; width: number; height: number }> {
    const { x, y, width, height } = (await this.#figure(title).locator(".interval-x .overlay").boundingBox())!;
    return { left: x, top: y, width, height };
  }
}
