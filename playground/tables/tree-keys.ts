// The keyboard of a tree. https://www.w3.org/WAI/ARIA/apg/patterns/treeview/

/** Makes `item` the one that Tab leads to, together with the buttons in its row. */
export function makeCurrent(tree: HTMLElement, item: HTMLElement): void {
  for (const other of tree.querySelectorAll<HTMLElement>("[tabindex='0']")) other.tabIndex = -1;
  item.tabIndex = 0;
  for (const control of item.querySelectorAll<HTMLElement>(":scope > .row button")) control.tabIndex = 0;
}

/** Arrows, Home, End, Enter, Space and first letters move through a tree and open its branches; so do clicks. */
export function arrowKeys(tree: HTMLElement): void {
  tree.addEventListener("focusin", ({ target }) => {
    const item = itemOf(target);
    if (item) makeCurrent(tree, item);
  });
  tree.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("button")) return;
    const item = itemOf(target);
    if (!item) return;
    item.focus();
    toggle(item);
  });
  tree.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const item = itemOf(target);
    if (!item) return;
    // Enter and Space on a button are the button's.
    if (target !== item && (key === "Enter" || key === " ")) return;
    const next = move(tree, item, key);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  });
}

/** The item that a key leads to; undefined for keys that mean nothing here. */
function move(tree: HTMLElement, item: HTMLElement, key: string): HTMLElement | undefined {
  const visible = (): HTMLElement[] =>
    [...tree.querySelectorAll<HTMLElement>("[role=treeitem]")].filter((other) => other.offsetParent !== null);
  const beside = (step: number): HTMLElement => {
    const all = visible();
    return all[all.indexOf(item) + step] ?? item;
  };
  switch (key) {
    case "ArrowDown":
      return beside(1);
    case "ArrowUp":
      return beside(-1);
    case "Home":
      return visible()[0];
    case "End":
      return visible().at(-1);
    case "Enter":
    case " ":
      toggle(item);
      return item;
    case "ArrowRight":
      if (item.ariaExpanded === "true") return beside(1);
      toggle(item);
      return item;
    case "ArrowLeft":
      if (item.ariaExpanded !== "true") return itemOf(item.parentElement) ?? item;
      toggle(item);
      return item;
  }
  if (!/^[\p{L}\p{N}_]$/u.test(key)) return undefined;
  const all = visible();
  const from = all.indexOf(item) + 1;
  const letter = key.toLowerCase();
  return [...all.slice(from), ...all.slice(0, from)].find((other) => other.ariaLabel?.toLowerCase().startsWith(letter));
}

function toggle(item: HTMLElement): void {
  if (item.ariaExpanded !== null) item.dispatchEvent(new CustomEvent("toggle-branch"));
}

function itemOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[role=treeitem]") : null;
}
