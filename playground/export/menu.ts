import type { Batches } from "../batches.ts";
import { count } from "../numbers.ts";
import { button, freshId, make } from "../page.ts";
import { pauses } from "../result/turns.ts";
import { type Format, fileName, formats } from "./formats.ts";

/** The button that saves a result, and its list of formats. */
export class ExportMenu {
  readonly element: HTMLElement = make("div", "export");
  readonly #button: HTMLButtonElement;
  readonly #list = make("div", "menu");
  readonly #say: (text: string) => void;
  #batches: Batches | undefined;
  #statement = "";
  #work: AbortController | undefined;

  /** `say` is told what is being written, and when it is done. */
  constructor(say: (text: string) => void) {
    this.#say = say;
    this.#button = button("", "Export", () => this.#press());
    this.#button.ariaHasPopup = "menu";
    this.#list.role = "menu";
    this.#list.id = freshId("export");
    this.#list.popover = "auto";
    this.#list.append(...formats.map((format) => this.#item(format)));
    this.#list.addEventListener("toggle", (event) => {
      const isOpen = (event as ToggleEvent).newState === "open";
      this.#button.ariaExpanded = String(isOpen);
      if (isOpen) this.#list.querySelector("button")!.focus();
    });
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
    this.#button.ariaExpanded = "false";
    this.#button.setAttribute("aria-controls", this.#list.id);
    this.element.append(this.#button, this.#list);
  }

  /** What there is to save. */
  show(batches: Batches | undefined, statement: string): void {
    this.#work?.abort();
    this.#batches = batches;
    this.#statement = statement;
    this.refresh();
  }

  /** More rows have come. */
  refresh(): void {
    if (this.#work) return;
    const rows = this.#batches?.rowCount ?? 0;
    this.#button.disabled = !this.#batches || this.#batches.schema.fields.length === 0;
    const unit = make("span", "unit", rows === 1 ? " row" : " rows");
    this.#button.replaceChildren("Export", ...(rows === 0 ? [] : [` ${count(rows)}`, unit]));
  }

  #item(format: Format): HTMLButtonElement {
    const item = button("quiet", "", () => {
      this.#list.hidePopover();
      this.#button.focus();
      void this.#save(format);
    });
    item.role = "menuitem";
    item.append(make("strong", "", format.name), make("small", "", format.hint));
    return item;
  }

  #press(): void {
    if (this.#work) {
      this.#work.abort();
      return;
    }
    this.#list.togglePopover();
    const { right, bottom, top } = this.#button.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.#list;
    this.#list.style.left = `${Math.max(8, Math.min(right - offsetWidth, innerWidth - offsetWidth - 8))}px`;
    const below = bottom + 4 + offsetHeight <= innerHeight;
    this.#list.style.top = `${below ? bottom + 4 : Math.max(8, top - offsetHeight - 4)}px`;
  }

  #onKey(event: KeyboardEvent): void {
    const items = [...this.#list.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  }

  async #save(format: Format): Promise<void> {
    const batches = this.#batches!;
    const work = new AbortController();
    this.#work = work;
    this.#button.textContent = "Stop export";
    this.#say(`Writing ${format.name}…`);
    try {
      const parts = await format.parts(batches, pauses(work.signal));
      const name = `${fileName(this.#statement)}.${format.extension}`;
      const file = new Blob(parts, { type: format.type });
      download(file, name);
      this.#say(`${name}: ${count(batches.rowCount)} rows, ${count(file.size)} bytes.`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#say(work.signal.aborted ? "Export stopped." : `${format.name} could not be written: ${why}`);
    }
    this.#work = undefined;
    this.refresh();
  }
}

function download(file: Blob, name: string): void {
  const link = make("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken it by then; without this its memory stays until the page goes.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
