// The page's main job: three million real rows, from the DuckDB behind the embedded server to the screen.

import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import type { PageDriver } from "./page-driver.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const file = fileURLToPath(new URL("../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));

let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let served: ServedPage;
let page: PageDriver;

beforeAll(async () => {
  backend = await duckdbBackend({ files: [`flights=${file}`] });
  served = await servePage(backend);
  page = await served.open({ viewport: { width: 1280, height: 800 } });
}, 120_000);
afterAll(async () => {
  await served?.close();
  await backend?.close();
});

/** What DuckDB itself says, asked without us. */
async function duckdb(sql: string): Promise<string[][]> {
  const connection = await (await DuckDBInstance.create()).connect();
  try {
    const reader = await connection.runAndReadAll(sql.replace("FROM flights", `FROM '${file}'`));
    return reader.getRows().map((row) => row.map(String));
  } finally {
    connection.closeSync();
  }
}

it("answers a group-by over all of them", { timeout: 60_000 }, async () => {
  const sql = `SELECT origin, count(*) AS flights, sum(delay)::BIGINT AS delay FROM flights GROUP BY origin ORDER BY origin`;
  await page.run(sql);
  expect(await page.ended()).toBe("done");
  const expected = await duckdb(sql);
  expect(await page.page.locator(".grid:visible").getAttribute("aria-rowcount")).toBe(String(expected.length + 1));
  for (const row of [1, 2, 3]) expect(await page.row(row)).toEqual(expected[row - 1]);
  await page.focusGrid();
  await page.page.keyboard.press("ControlOrMeta+End");
  expect(await page.row(expected.length)).toEqual(expected.at(-1));
});

it("shows the first rows before the last have come, and every row in the end", { timeout: 120_000 }, async () => {
  // The grid is still the last query's until this one has an answer: what counts is its first row after that.
  const rowsAtFirstSight = page.page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = () => {
          const grid = document.querySelector(".stage:not([hidden]) > .grid:not([hidden])");
          const drawn =
            grid?.querySelector(".grid-head [data-column='4']") && grid.querySelector(".grid-row:not([hidden])");
          if (drawn) resolve(Number(grid?.getAttribute("aria-rowcount")) - 1);
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
  await page.run("SELECT * FROM flights");
  const atFirst = await rowsAtFirstSight;
  expect(atFirst).toBeGreaterThan(0);
  expect(atFirst).toBeLessThan(3_000_000);
  expect(await page.ended()).toBe("done");
  expect(await page.progress()).toContain("3,000,000 rows");
  expect(await page.page.locator(".grid:visible").getAttribute("aria-rowcount")).toBe("3000001");
  const columns = "strftime(date, '%Y-%m-%dT%H:%M:%S.%f'), delay, distance, origin, destination";
  for (const [row, key] of [
    [3_000_000, "End"],
    [1, "Home"],
  ] as const) {
    await page.focusGrid();
    await page.page.keyboard.press(`ControlOrMeta+${key}`);
    expect([await page.row(row)]).toEqual(await duckdb(`SELECT ${columns} FROM flights LIMIT 1 OFFSET ${row - 1}`));
  }
  expect(page.complaints).toEqual([]);
});
