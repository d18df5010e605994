import type { TableInfo } from "flightsql";
import { button, make } from "../page.ts";
import { type Catalog, type Column, sqlName } from "./catalog.ts";
import { arrowKeys, makeCurrent } from "./tree-keys.ts";

export interface TableActions {
  /** Show the table's first rows. */
  preview(name: string): void;
  /** Write a name where the cursor is. */
  insert(name: string): void;
}

/** Tables up to which all groups start open. */
const FEW = 300;

/** The schemas that describe the others. */
const SYSTEM = /(^|\.)(information_schema|pg_catalog|sys|system)$/i;

/** The tables of a catalog as a tree: catalogs and schemas where there are several, tables, and columns once opened. */
export class TableTree {
  readonly element: HTMLElement = make("ul", "tree");
  readonly #catalog: Catalog;
  readonly #actions: TableActions;
  readonly #open = new Map<string, boolean>();

  constructor(catalog: Catalog, actions: TableActions) {
    this.#catalog = catalog;
    this.#actions = actions;
    this.element.role = "tree";
    this.element.setAttribute("aria-labelledby", "tables-title");
    arrowKeys(this.element);
  }

  /** Draws the tables that `search` finds, by their names or those of columns that are known; returns how many. */
  show(search = ""): number {
    const wanted = search.trim().toLowerCase();
    const found = this.#catalog.tables.flatMap((table) => this.#match(table, wanted));
    this.element.replaceChildren(...this.#groups(found, wanted !== ""));
    const first = this.element.querySelector<HTMLElement>("[role=treeitem]");
    if (first) makeCurrent(this.element, first);
    return found.length;
  }

  /** A table with what of it was searched for: all of its columns when it is the table's own name. */
  #match(table: TableInfo, wanted: string): Found[] {
    if (wanted === "" || [table.dbSchema, table.name].join(".").toLowerCase().includes(wanted)) return [{ table }];
    const columns = this.#catalog.known(table)?.filter((column) => column.name.toLowerCase().includes(wanted));
    return columns && columns.length > 0 ? [{ table, columns }] : [];
  }

  #groups(found: readonly Found[], isSearch: boolean): HTMLElement[] {
    const levels = (["catalog", "dbSchema"] as const).filter(
      (level) => new Set(this.#catalog.tables.map((table) => table[level])).size > 1,
    );
    const isFew = isSearch || found.length <= FEW;
    const build = (some: readonly Found[], path: readonly string[]): HTMLElement[] => {
      const level = levels[path.length];
      if (level === undefined) return some.map((one) => this.#table(one, path.length + 1));
      const groups = grouped(some, level);
      return Array.from(groups, ([name, inside]) => {
        const here = [...path, name];
        const label = name || `(no ${level === "catalog" ? "catalog" : "schema"})`;
        return this.#branch({
          key: here.join("."),
          level: here.length,
          name: `${label}, ${level === "catalog" ? "catalog" : "schema"}`,
          row: [make("span", "label", label), make("small", "", String(inside.length))],
          className: "group",
          open: isFew && (isSearch || !SYSTEM.test(here.join("."))),
          children: () => build(inside, here),
        });
      });
    };
    return build(found, []);
  }

  #table({ table, columns }: Found, level: number): HTMLElement {
    const name = sqlName(table, this.#catalog.tables);
    const kind = /table$/i.test(table.type) ? "" : table.type.toLowerCase();
    const preview = button("preview", "▷", () => this.#actions.preview(name));
    preview.title = "Show the first 100 rows";
    preview.ariaLabel = `Show the first 100 rows of ${name}`;
    return this.#branch({
      key: `${level} ${name}`,
      level,
      name: kind ? `${table.name}, ${kind}` : table.name,
      row: [make("span", "label", table.name), make("small", "", kind), preview, this.#inserter(name)],
      className: "table",
      open: columns !== undefined,
      children: async () => {
        const all = columns ?? (await this.#catalog.columns(table));
        if (all.length > 0) return all.map((column) => this.#column(column, level + 1));
        return [leaf("note", level + 1, "The server tells no columns.")];
      },
    });
  }

  #column({ name, type, nullable }: Column, level: number): HTMLElement {
    const typed = make("small", "type", type);
    typed.title = nullable ? type : `${type} not null`;
    return leaf("column", level, name, make("span", "label", name), typed, this.#inserter(name));
  }

  #inserter(name: string): HTMLButtonElement {
    const insert = button("insert", "+", () => this.#actions.insert(name));
    insert.title = "Insert the name into the query";
    insert.ariaLabel = `Insert ${name} into the query`;
    return insert;
  }

  #branch(branch: Branch): HTMLElement {
    const item = leaf(branch.className, branch.level, branch.name, make("span", "caret"), ...branch.row);
    const group = make("ul", "");
    group.role = "group";
    item.append(group);
    const open = async (isOpen: boolean): Promise<void> => {
      item.ariaExpanded = String(isOpen);
      if (!isOpen || group.hasChildNodes()) return;
      const children = branch.children();
      if (children instanceof Promise) group.replaceChildren(leaf("note", branch.level + 1, "Loading …"));
      const drawn = await Promise.resolve(children).catch((error: unknown) => [failure(error, branch.level + 1)]);
      group.replaceChildren(...drawn);
      // What failed is asked anew the next time it is opened.
      if (drawn[0]?.classList.contains("failed"))
        item.addEventListener("toggle-branch", () => group.replaceChildren(), { once: true });
    };
    item.addEventListener("toggle-branch", (event) => {
      event.stopPropagation();
      const isOpen = item.ariaExpanded !== "true";
      this.#open.set(branch.key, isOpen);
      void open(isOpen);
    });
    void open(this.#open.get(branch.key) ?? branch.open);
    return item;
  }
}

interface Found {
  table: TableInfo;
  columns?: readonly Column[];
}

interface Branch {
  key: string;
  level: number;
  /** For who hears it. */
  name: string;
  className: string;
  row: HTMLElement[];
  open: boolean;
  children(): HTMLElement[] | Promise<HTMLElement[]>;
}

function leaf(className: string, level: number, name: string, ...row: HTMLElement[]): HTMLElement {
  const item = make("li", className, make("div", "row", ...(row.length > 0 ? row : [name])));
  item.role = "treeitem";
  item.ariaLevel = String(level);
  item.ariaLabel = name;
  item.tabIndex = -1;
  item.style.setProperty("--level", String(level));
  for (const control of item.querySelectorAll("button")) control.tabIndex = -1;
  return item;
}

function failure(error: unknown, level: number): HTMLElement {
  const text = error instanceof Error ? error.message : String(error);
  return leaf("note failed", level, `The columns could not be had: ${text}`);
}

function grouped(all: readonly Found[], level: "catalog" | "dbSchema"): Map<string, Found[]> {
  const groups = new Map<string, Found[]>();
  for (const one of all) {
    const name = one.table[level] ?? "";
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return groups;
}
