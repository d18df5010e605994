import { byId, isMac, make } from "./page.ts";

const mod = isMac ? "⌘" : "Ctrl";

const GROUPS: readonly (readonly [title: string, keys: readonly (readonly [keys: string, what: string])[]])[] = [
  [
    "Queries",
    [
      [`${mod} ↵`, "Run the selection, or the statement at the cursor"],
      [`${mod} Shift ↵`, "Run all statements"],
      ["Esc", "Cancel"],
      ["Ctrl Space", "Suggest tables, columns and words"],
      [`${mod} /`, "Comment lines in or out"],
      [`${mod} Z`, "Undo"],
    ],
  ],
  [
    "Tabs",
    [
      ["Alt N", "New query"],
      ["Alt PgDn, Alt PgUp", "Next, previous query"],
      ["F2, Delete", "Rename, close (on a tab)"],
    ],
  ],
  [
    "Tables",
    [
      ["/", "Search (outside of text)"],
      ["↑ ↓ → ←", "Move, open, close"],
      ["Tab", "To the buttons of a table or column"],
    ],
  ],
  [
    "Result",
    [
      ["Arrows, Home, End", "Move from cell to cell; with Shift, select"],
      ["↵", "Show the whole value; on a name of a column, sort"],
      [`${mod} A`, "Select all"],
      [`${mod} C`, "Copy the selection"],
      [`${mod} Shift C`, "Copy it with the names of the columns"],
    ],
  ],
  [
    "Page",
    [
      ["Alt H", "History"],
      ["?", "These keys (outside of text)"],
    ],
  ],
];

/** Fills the dialog that lists the keys, and returns what opens it. */
export function keysDialog(): () => void {
  const dialog = byId("keys", HTMLDialogElement);
  const rows = GROUPS.flatMap(([title, keys]) => [
    make("h3", "", title),
    make(
      "dl",
      "",
      ...keys.map(([key, what]) =>
        make(
          "div",
          "",
          make("dt", "", ...key.split(", ").flatMap((one, i) => [...(i > 0 ? [", "] : []), make("kbd", "", one)])),
          make("dd", "", what),
        ),
      ),
    ),
  ]);
  byId("keys-list", HTMLElement).replaceChildren(...rows);
  byId("keys-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
  return () => dialog.showModal();
}

export interface PageKeys {
  cancel(): void;
  newTab(): void;
  stepTab(by: number): void;
  search(): void;
  history(): void;
  help(): void;
}

/** The keys that work anywhere on the page, unless a dialog is open. */
export function pageKeys(keys: PageKeys): void {
  document.addEventListener("keydown", (event) => {
    // What is open on top of the page (suggestions, a dialog, the side panel) closes first.
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const act = meaning(event, keys);
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault();
    act();
  });
}

function meaning(event: KeyboardEvent, keys: PageKeys): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey) return undefined;
  if (event.altKey) {
    // By place: with Alt, a Mac writes other letters.
    return {
      KeyN: keys.newTab,
      KeyH: keys.history,
      PageDown: () => keys.stepTab(1),
      PageUp: () => keys.stepTab(-1),
    }[event.code];
  }
  if (event.key === "Escape") return keys.cancel;
  const target = event.target as HTMLElement;
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return undefined;
  return { "?": keys.help, "/": keys.search }[event.key];
}
