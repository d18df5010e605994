/** An element with a class, and what belongs into it. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...children);
  return element;
}

export function button(className: string, text: string, act: () => void): HTMLButtonElement {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/** A checkbox or a select with its words before or behind it. */
export function labelled(text: string, control: HTMLInputElement | HTMLSelectElement): HTMLLabelElement {
  return control instanceof HTMLInputElement
    ? make("label", "", control, ` ${text}`)
    : make("label", "", `${text} `, control);
}

let ids = 0;

/** An id that no other element of the page has: there may be several results on it. */
export function freshId(prefix: string): string {
  return `${prefix}-${++ids}`;
}

/** Puts a text on the clipboard by a copy event of our own, which pages may do that have no right to the clipboard. */
export function copyText(text: string): void {
  const take = (event: ClipboardEvent): void => {
    event.preventDefault();
    // The event goes to what is selected, wherever that is.
    event.stopImmediatePropagation();
    event.clipboardData?.setData("text/plain", text);
  };
  addEventListener("copy", take, { capture: true });
  document.execCommand("copy");
  removeEventListener("copy", take, { capture: true });
}
