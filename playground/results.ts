import { button, byId, make } from "./page.ts";
import { ResultPane } from "./result-pane.ts";
import type { Outcome } from "./run.ts";
import { tabKeys } from "./tab-keys.ts";

/** Results of one run that are kept for a look; the oldest go first. */
const MOST = 50;

/** The result of one statement, behind its tab. */
interface Slot {
  pane: ResultPane;
  root: HTMLElement;
  tab: HTMLElement;
}

/** The lower half of the page: one result, or one for each statement of a run, behind tabs. */
export class Results {
  readonly #host = byId("results", HTMLElement);
  readonly #tabs = byId("result-tabs", HTMLElement);
  readonly #firstRoot = byId("result", HTMLElement);
  readonly #first = new ResultPane(this.#firstRoot);
  #slots: Slot[] = [];
  #made = 0;
  /** Somebody chose a tab: what comes must not take it from before their eyes. */
  #isChosen = false;

  constructor() {
    tabKeys(this.#tabs);
  }

  /** Forgets the results of the last run. */
  clear(): void {
    for (const { pane, root } of this.#slots) {
      if (pane === this.#first) continue;
      pane.clear();
      root.remove();
    }
    this.#slots = [];
    this.#made = 0;
    this.#isChosen = false;
    this.#tabs.replaceChildren();
    this.#tabs.hidden = true;
    this.#first.clear();
    this.#show(this.#firstRoot);
    for (const name of ["role", "aria-labelledby"]) this.#firstRoot.removeAttribute(name);
  }

  /** The place for the next statement's result. `several`: whether it gets a tab. */
  next(statement: string, several: boolean): { pane: ResultPane; end(state: Outcome["state"], rows: number): void } {
    if (!several) return { pane: this.#first, end: () => {} };
    const slot = this.#slot(statement);
    return {
      pane: slot.pane,
      end: (state, rows) => {
        slot.tab.dataset.state = state;
        const what = state === "done" ? rows.toLocaleString("en-US") : state === "failed" ? "failed" : "cancelled";
        slot.tab.append(make("small", "", what));
        if (state === "failed") this.#choose(slot);
      },
    };
  }

  #slot(statement: string): Slot {
    const number = ++this.#made;
    const isFirst = number === 1;
    const root = isFirst ? this.#firstRoot : make("section", "result");
    if (!isFirst) this.#host.append(root);
    root.role = "tabpanel";
    const tab = button("tab", "", () => {
      this.#isChosen = true;
      this.#choose(slot);
    });
    tab.append(make("span", "label", `${number} ${label(statement)}`));
    tab.role = "tab";
    tab.id = `result-tab-${number}`;
    tab.title = statement.length > 300 ? `${statement.slice(0, 300)}…` : statement;
    tab.dataset.state = "running";
    root.id ||= `result-${number}`;
    root.setAttribute("aria-labelledby", tab.id);
    tab.setAttribute("aria-controls", root.id);
    const pane = isFirst ? this.#first : new ResultPane(root);
    // Nothing is to be picked here: its statement runs already.
    pane.clear();
    const slot: Slot = { pane, root, tab };
    this.#slots.push(slot);
    this.#tabs.append(tab);
    this.#tabs.hidden = false;
    if (this.#slots.length > MOST) this.#drop(this.#slots.shift()!);
    if (this.#isChosen) tab.tabIndex = -1;
    else this.#choose(slot);
    return slot;
  }

  #drop({ pane, root, tab }: Slot): void {
    pane.clear();
    if (root === this.#firstRoot) root.hidden = true;
    else root.remove();
    tab.remove();
    if (tab.ariaSelected === "true") this.#choose(this.#slots[0]!);
  }

  #choose(chosen: Slot): void {
    for (const { tab } of this.#slots) {
      tab.ariaSelected = String(tab === chosen.tab);
      tab.tabIndex = tab === chosen.tab ? 0 : -1;
    }
    this.#show(chosen.root);
    chosen.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #show(root: HTMLElement): void {
    for (const other of this.#host.querySelectorAll<HTMLElement>(":scope > .result")) other.hidden = other !== root;
  }
}

/** The first words of a statement, without its comments. */
function label(statement: string): string {
  const text = statement
    .replace(/--.*|\/\*[\s\S]*?\*\//g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}
