/** The element of index.html with that id. A page without it is broken, and says so. */
export function byId<Kind extends HTMLElement>(id: string, kind: { new (): Kind }): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id "${id}".`);
  return element;
}

/** A new element of that class with these children; strings are text. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A button with that text. */
export function button(className: string, text: string, act: () => void): HTMLButtonElement {
  const made = make("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
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

/** Whether the keyboard writes ⌘ where others have Ctrl. */
export const isMac: boolean = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");
