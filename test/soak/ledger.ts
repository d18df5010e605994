import { FlightSqlClient } from "../../src/node.ts";

/** What one table has to hold. */
class Page {
  /** By id: how many rows, if any; and whether that is certain. */
  readonly #entries = new Map<number, { rows: number; certain: boolean }>();

  begin(id: number, rows = 1): void {
    this.#entries.set(id, { rows, certain: false });
  }

  done(id: number, rows: number): void {
    this.#entries.set(id, { rows, certain: true });
  }

  /** What is not as it must be: what succeeded is there once, what failed once or not at all, and nothing in part. */
  audit(name: string, found: ReadonlyMap<number, number>): string[] {
    const faults: string[] = [];
    for (const [id, { rows, certain }] of this.#entries) {
      const there = found.get(id) ?? 0;
      if (there === rows || (!certain && there === 0)) continue;
      faults.push(`${name} ${id}: ${there} rows instead of ${certain ? "" : "0 or "}${rows}`);
    }
    this.#entries.clear();
    return faults;
  }
}

/** What the operations since the last audit have changed, or may have. */
export class Ledger {
  readonly keys: Page = new Page();
  readonly pairs: Page = new Page();
  readonly loads: Page = new Page();

  /** Compares with the tables themselves, asked without a proxy, and begins anew. */
  async audit(url: string, firstId: number): Promise<string[]> {
    const client = new FlightSqlClient({ url, timeoutMs: 30_000 });
    const count = async (table: string): Promise<Map<number, number>> => {
      const sql = `SELECT id, count(*) AS n FROM ${table} WHERE id >= ${firstId} GROUP BY id`;
      const rows = await client.query(sql).all<{ id: number; n: number }>({ int64: "number" });
      return new Map(rows.map(({ id, n }) => [id, n]));
    };
    try {
      const faults: string[] = [];
      for (const name of ["keys", "pairs", "loads"] as const) faults.push(...this[name].audit(name, await count(name)));
      // Of any time: what came again later.
      const again = "SELECT id FROM keys GROUP BY id HAVING count(*) > 1 LIMIT 5";
      for (const { id } of await client.query(again).all<{ id: bigint }>()) faults.push(`keys ${id}: more than once`);
      return faults;
    } finally {
      await client.close();
    }
  }
}
