import { button, copyText, make } from "../page.ts";
import { prettyJson } from "./pretty.ts";

/** The whole of one value, over the page: nested ones and JSON texts laid out on lines. */
export class ValueView {
  readonly element: HTMLDialogElement = make("dialog", "value-view");
  readonly #title = make("h2");
  readonly #text = make("pre");
  #raw = "";

  constructor() {
    const copied = make("span");
    copied.role = "status";
    const copy = button("", "Copy", () => {
      copyText(this.#raw);
      copied.textContent = "Copied.";
    });
    this.#text.tabIndex = 0;
    this.#text.ariaLabel = "Value";
    this.#text.role = "region";
    this.element.addEventListener("close", () => {
      copied.textContent = "";
    });
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
    const close = button("primary", "Close", () => this.element.close());
    this.element.append(make("header", "", this.#title), this.#text, make("div", "buttons", copied, copy, close));
    this.element.ariaLabel = "Value of a cell";
  }

  /** `text` is null for a null. */
  open(title: string, text: string | null): void {
    this.#raw = text ?? "";
    this.#title.textContent = title;
    this.#text.textContent = text === null ? "null" : prettyJson(text);
    this.#text.className = text === null ? "null" : "";
    this.element.showModal();
  }
}
