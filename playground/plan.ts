import type { FlightSqlClient } from "flightsql";
import type { Explanation } from "./errors.ts";
import { byId, make } from "./page.ts";

/** Milliseconds that a server gets to explain a query: it plans it only. */
const LIMIT_MS = 60_000;

/** The dialog with a query's plan, as the server's EXPLAIN words it. */
export class PlanDialog {
  readonly #dialog = byId("plan", HTMLDialogElement);
  readonly #body = byId("plan-body", HTMLElement);
  #asked: AbortController | undefined;

  constructor() {
    // It scrolls: the keyboard has to get there.
    this.#body.tabIndex = 0;
    byId("plan-close", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#asked?.abort());
  }

  async show(
    client: Pick<FlightSqlClient, "query">,
    sql: string,
    explain: (error: unknown) => Promise<Explanation>,
  ): Promise<void> {
    const asked = new AbortController();
    this.#asked = asked;
    this.#body.replaceChildren(make("p", "", "Asking the server …"));
    this.#dialog.showModal();
    const parts = await this.#ask(client, sql, asked.signal).catch(async (error: unknown) => {
      const { title, detail } = await explain(error);
      return [make("strong", "failed", title), make("pre", "", detail)];
    });
    // Closed meanwhile, or asked about another query.
    if (!asked.signal.aborted) this.#body.replaceChildren(...parts);
  }

  async #ask(client: Pick<FlightSqlClient, "query">, sql: string, signal: AbortSignal): Promise<HTMLElement[]> {
    const result = client.query(`EXPLAIN ${sql}`, undefined, { signal, timeoutMs: LIMIT_MS });
    const rows = await result.all<unknown[]>({ as: "array", int64: "string" });
    const plans = planTexts(rows);
    if (plans.length === 0) return [make("p", "", "The server sent no plan.")];
    return plans.flatMap(({ title, text }) => [...(title ? [make("h3", "", title)] : []), make("pre", "", text)]);
  }
}

/**
 * The texts of an EXPLAIN's rows. Servers send one of three shapes: a line of the plan in each row (PostgreSQL, Doris);
 * a kind of plan and its text (DuckDB, DataFusion); a table of steps (SQLite).
 */
export function planTexts(rows: readonly (readonly unknown[])[]): { title: string; text: string }[] {
  const width = rows[0]?.length ?? 0;
  const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
  if (width === 0) return [];
  if (width === 1) return [{ title: "", text: rows.map(([line]) => text(line)).join("\n") }];
  if (width === 2) return rows.map(([kind, plan]) => ({ title: text(kind).replaceAll("_", " "), text: text(plan) }));
  const cells = rows.map((row) => row.map(text));
  const widths = Array.from({ length: width }, (_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
  return [{ title: "", text: lines.join("\n") }];
}
