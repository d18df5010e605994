import type { Explanation } from "./errors.ts";
import { byId, make } from "./page.ts";
import type { Catalog } from "./tables/catalog.ts";
import { type TableActions, TableTree } from "./tables/tree.ts";

/** Milliseconds of no typing before what was typed is searched for. */
const TYPING_MS = 150;

/** The panel with the server's tables. On a narrow screen it is a drawer that a button opens. */
export class TablePanel {
  readonly #list = byId("tables", HTMLElement);
  readonly #search = byId("table-search", HTMLInputElement);
  readonly #opener = byId("show-tables", HTMLButtonElement);
  readonly #actions: TableActions;
  #catalog: Catalog | undefined;
  #tree: TableTree | undefined;
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor(actions: TableActions) {
    const close = () => this.#open(false);
    this.#actions = {
      preview: (name) => {
        close();
        actions.preview(name);
      },
      insert: (name) => {
        close();
        actions.insert(name);
      },
    };
    this.#opener.addEventListener("click", () => this.#open(!this.#isOpen()));
    document.addEventListener("pointerdown", (event) => {
      const target = event.target as Node;
      if (!byId("side", HTMLElement).contains(target) && !this.#opener.contains(target)) close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#isOpen()) return;
      event.preventDefault();
      close();
      this.#opener.focus();
    });
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.#filter(), TYPING_MS);
    });
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      this.#list.querySelector<HTMLElement>("[role=treeitem]")?.focus();
    });
  }

  /** Says that tables are on their way. */
  wait(): void {
    this.#list.ariaBusy = "true";
  }

  show(catalog: Catalog): void {
    this.#list.ariaBusy = "false";
    this.#catalog = catalog;
    this.#tree = new TableTree(catalog, this.#actions);
    void this.#filter();
  }

  /** Shows why there are no tables. */
  fail({ title, detail }: Explanation): void {
    this.#list.ariaBusy = "false";
    this.#catalog = undefined;
    this.#list.replaceChildren(make("strong", "", title), make("p", "", detail));
  }

  focusSearch(): void {
    // On a wide screen the panel is always there.
    if (this.#opener.offsetParent !== null) this.#open(true);
    this.#search.focus();
  }

  async #filter(): Promise<void> {
    const catalog = this.#catalog;
    const tree = this.#tree;
    if (!catalog || !tree) return;
    const wanted = this.#search.value;
    this.#draw(tree, wanted);
    if (wanted.trim() === "") return;
    // Names of columns are found too, once they are here.
    const failed = await catalog.loadAll().catch(() => true);
    if (this.#catalog === catalog && this.#search.value === wanted && !failed) this.#draw(tree, wanted);
  }

  #draw(tree: TableTree, wanted: string): void {
    const found = tree.show(wanted);
    if (found > 0) this.#list.replaceChildren(tree.element);
    else if (wanted.trim() === "") this.#list.replaceChildren("The server lists no tables.");
    else this.#list.replaceChildren(`No table or column has “${wanted.trim()}” in its name.`);
  }

  #isOpen(): boolean {
    return this.#opener.ariaExpanded === "true";
  }

  #open(open: boolean): void {
    this.#opener.ariaExpanded = String(open);
    document.body.classList.toggle("tables-open", open);
  }
}
