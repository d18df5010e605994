import type { Locator, Page } from "playwright";

/** What a person does on the page and sees of it. */
export class PageDriver {
  readonly page: Page;
  /** Errors of the page and of its console, in the order they came. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
  }

  /** Writes a query in place of the one in the editor, and runs it by Ctrl-Enter. */
  async run(sql: string): Promise<void> {
    await this.page.getByRole("textbox", { name: "SQL query" }).click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(sql);
    await this.page.keyboard.press("ControlOrMeta+Enter");
  }

  /** Waits until the last query has ended, one way or another; returns which. */
  async ended(): Promise<string> {
    const ended = this.page.locator("#progress:is([data-state=done], [data-state=failed], [data-state=canceled])");
    await ended.waitFor({ state: "attached", timeout: 60_000 });
    return (await ended.getAttribute("data-state"))!;
  }

  /** The texts of the progress line. */
  progress(): Promise<string> {
    return shownText(this.page.locator("#progress"));
  }

  /** Waits for the row with that number, counted from 1, to be drawn; returns its cells. */
  async row(number: number): Promise<string[]> {
    const row = this.page.locator(`.grid:visible [role=row][aria-rowindex="${number + 1}"]:not([hidden])`);
    await row.waitFor();
    return row.locator("[role=gridcell]").allInnerTexts();
  }

  /** Numbers of the rows that are on screen, at least in part, from top to bottom. */
  visibleRows(): Promise<number[]> {
    return this.page.evaluate(() => {
      const area = document.querySelector(".grid")!.getBoundingClientRect();
      const head = document.querySelector(".grid-head")!.getBoundingClientRect();
      return [...document.querySelectorAll<HTMLElement>(".grid-row:not([hidden])")]
        .filter((row) => {
          const { top, bottom } = row.getBoundingClientRect();
          return bottom > head.bottom && top < area.bottom;
        })
        .map((row) => Number(row.getAttribute("aria-rowindex")) - 1)
        .sort((a, b) => a - b);
    });
  }

  async focusGrid(): Promise<void> {
    await this.page.locator(".grid:visible").focus();
  }
}

/** The text of an element as it is laid out, line breaks included. */
export function shownText(locator: Locator): Promise<string> {
  return locator.innerText();
}
