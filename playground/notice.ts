import type { Explanation } from "./errors.ts";

/** A button of a notice. */
export interface NoticeAction {
  label: string;
  act(): void;
}

/** The strip above a result: what failed, or what the page wants to know. */
export class Notice {
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    this.#element = element;
    element.role = "alert";
  }

  hide(): void {
    this.#element.hidden = true;
    this.#element.replaceChildren();
  }

  error({ title, detail }: Explanation, actions: readonly NoticeAction[] = []): void {
    this.#show("error", title, detail, actions);
  }

  /** Something worth knowing, with a button that takes it away. */
  info(title: string, detail: string, actions: readonly NoticeAction[] = []): void {
    const acts = actions.map(({ label, act }) => ({
      label,
      act: () => {
        this.hide();
        act();
      },
    }));
    this.#show("info", title, detail, [...acts, { label: "Dismiss", act: () => this.hide() }]);
  }

  question(title: string, detail: string, actions: readonly NoticeAction[]): void {
    this.#show("question", title, detail, actions);
  }

  #show(
    kind: "error" | "question" | "info",
    title: string,
    detail: string,
    actions: readonly NoticeAction[] = [],
  ): void {
    const heading = document.createElement("strong");
    heading.textContent = title;
    // A server's text may be a whole page of SQL with a caret under the culprit: kept as it was laid out.
    const text = document.createElement(kind === "error" ? "pre" : "p");
    text.textContent = detail;
    const buttons = actions.map(({ label, act }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", act);
      return button;
    });
    this.#element.dataset.kind = kind;
    this.#element.replaceChildren(heading, ...(detail ? [text] : []), ...buttons);
    this.#element.hidden = false;
  }
}
