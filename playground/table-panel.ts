import type { FlightSqlClient } from "flightsql";
import { type Explanation, explain } from "./errors.ts";
import { byId } from "./page.ts";
import { sqlName, type TableActions, type TableRow, tableList } from "./tables.ts";

/** The panel with the server's tables. On a narrow screen it is a drawer that a button opens. */
export class TablePanel {
  readonly #list = byId("tables", HTMLElement);
  readonly #opener = byId("show-tables", HTMLButtonElement);
  readonly #actions: TableActions;
  #client: FlightSqlClient | undefined;

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
  }

  /** Lists the tables of a server; returns their names as SQL writes them, undefined when they could not be had. */
  async load(client: FlightSqlClient): Promise<string[] | undefined> {
    this.#client = client;
    this.#list.ariaBusy = "true";
    const loaded = await client.getTables().all<TableRow>().catch(explain);
    if (this.#client !== client) return undefined;
    this.#list.ariaBusy = "false";
    if (!Array.isArray(loaded)) {
      this.#list.replaceChildren(...trouble(loaded));
      return undefined;
    }
    if (loaded.length > 0) this.#list.replaceChildren(...tableList(loaded, this.#actions));
    else this.#list.replaceChildren("The server lists no tables.");
    return loaded.map((table) => sqlName(table, loaded));
  }

  #isOpen(): boolean {
    return this.#opener.ariaExpanded === "true";
  }

  #open(open: boolean): void {
    this.#opener.ariaExpanded = String(open);
    document.body.classList.toggle("tables-open", open);
  }
}

function trouble({ title, detail }: Explanation): HTMLElement[] {
  const heading = document.createElement("strong");
  heading.textContent = title;
  const text = document.createElement("p");
  text.textContent = detail;
  return [heading, text];
}
