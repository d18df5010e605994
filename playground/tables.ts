/** A row of Flight SQL's GetTables. */
export interface TableRow {
  catalog_name: string | null;
  db_schema_name: string | null;
  table_name: string;
  table_type: string;
}

export interface TableActions {
  /** Show the table's first rows. */
  preview(name: string): void;
  /** Write the table's name where the cursor is. */
  insert(name: string): void;
}

/** The table's name as SQL writes it, with as much in front as it takes to tell the listed tables apart. */
export function sqlName(table: TableRow, all: readonly TableRow[]): string {
  const catalogs = new Set(all.map((other) => other.catalog_name));
  const schemas = new Set(all.map((other) => `${other.catalog_name}.${other.db_schema_name}`));
  const parts = [table.table_name];
  if (schemas.size > 1 && table.db_schema_name) parts.unshift(table.db_schema_name);
  if (catalogs.size > 1 && table.catalog_name) parts.unshift(table.catalog_name);
  return parts.map(quoted).join(".");
}

/** Words that cannot name a table without quotes, in one SQL or another. */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between binary both by case cast check collate
  column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable delete desc describe distinct do drop else end except exists explain
  false fetch filter for foreign freeze from full grant group having ilike in initially inner insert intersect interval
  into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or
  order outer over overlaps pivot placing primary qualify references returning right row rows select session_user set
  show similar some summarize symmetric table tablesample then to trailing true union unique unpivot update user using
  values variadic verbose when where window with`.split(/\s+/),
);

function quoted(name: string): string {
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name);
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The list of tables, under the names of their schemas when there is more than one. */
export function tableList(tables: readonly TableRow[], actions: TableActions): HTMLElement[] {
  const groups = new Map<string, HTMLElement[]>();
  for (const table of tables) {
    const group = [table.catalog_name, table.db_schema_name].filter(Boolean).join(".");
    const items = groups.get(group) ?? [];
    groups.set(group, items);
    items.push(tableItem(table, sqlName(table, tables), actions));
  }
  return Array.from(groups, ([name, items]) => {
    const section = document.createElement("section");
    if (groups.size > 1) section.append(withText("h3", name));
    const list = document.createElement("ul");
    list.append(...items);
    section.append(list);
    return section;
  });
}

function tableItem(table: TableRow, name: string, actions: TableActions): HTMLElement {
  const item = document.createElement("li");
  const preview = withText("button", table.table_name);
  preview.className = "table";
  preview.title = `Show rows of ${name}`;
  preview.addEventListener("click", () => actions.preview(name));
  if (!/table$/i.test(table.table_type)) preview.append(withText("small", table.table_type.toLowerCase()));
  const insert = withText("button", "+");
  insert.className = "insert";
  insert.title = "Insert the name into the query";
  insert.ariaLabel = `Insert ${name} into the query`;
  insert.addEventListener("click", () => actions.insert(name));
  for (const button of [preview, insert]) button.type = "button";
  item.append(preview, insert);
  return item;
}

function withText<Name extends keyof HTMLElementTagNameMap>(name: Name, text: string): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
