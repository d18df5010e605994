// Cross-filtering over three million real flights: a Mosaic dashboard in Chromium, the embedded server behind it.

import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { FlightSqlClient } from "flightsql";
import type { BrowserContextOptions } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { MosaicDriver } from "./mosaic-driver.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const file = fileURLToPath(new URL("../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));

let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let served: ServedPage;

beforeAll(async () => {
  backend = await duckdbBackend({ files: [`flights=${file}`] });
  served = await servePage(backend);
}, 120_000);
afterAll(async () => {
  await served?.close();
  await backend?.close();
});

async function open(options?: BrowserContextOptions): Promise<MosaicDriver> {
  const { page, complaints } = await served.open(options);
  await page.goto(`${served.url}/mosaic.html`);
  return new MosaicDriver(page, complaints);
}

/** What DuckDB itself says, asked without us. */
async function duckdb(sql: string): Promise<number[][]> {
  const connection = await (await DuckDBInstance.create()).connect();
  try {
    const reader = await connection.runAndReadAll(sql.replace("FROM flights", `FROM '${file}'`));
    return reader.getRows().map((row) => row.map(Number));
  } finally {
    connection.closeSync();
  }
}

const minutes = "(hour(date) * 60 + minute(date))";

/** The histograms: their title, the bin of a flight, and how many bins are drawn from which on. */
const histograms = {
  delay: { bin: "floor(delay / 5)", from: -12, bins: 36 },
  departure: { bin: `floor(${minutes} / 60)`, from: 0, bins: 24 },
  Distance: { bin: "floor(distance / 100)", from: 0, bins: 28 },
};

/** How many flights each bar stands for, from left to right, those of no flights left out. */
async function bars(title: keyof typeof histograms, where: string): Promise<number[]> {
  const { bin, from, bins } = histograms[title];
  const drawn = `${bin} BETWEEN ${from} AND ${from + bins - 1}`;
  const rows = await duckdb(`SELECT ${bin}, count(*) FROM flights WHERE ${where} AND ${drawn} GROUP BY 1 ORDER BY 1`);
  return rows.map(([, n]) => n!);
}

/** Holds every bar of a histogram against DuckDB: those of all flights, and those of the selected. */
async function expectBars(page: MosaicDriver, title: keyof typeof histograms, where: string): Promise<void> {
  const all = await bars(title, "true");
  const grey = await page.heights(title, "all");
  const scale = Math.max(...grey) / Math.max(...all);
  expect(rounded(grey)).toEqual(rounded(all.map((n) => n * scale)));
  expect(rounded(await page.heights(title, "selected"))).toEqual(
    rounded((await bars(title, where)).map((n) => n * scale)),
  );
}

// To a hundredth of a pixel, some twenty flights; the tooltips are exact.
const rounded = (heights: number[]): number[] => heights.map((height) => Math.round(height * 100) / 100);

/** The range that a histogram says it has, as SQL: whole minutes and miles. */
function sqlOf(range: string, expression: string): string {
  const [from, to] = range
    .replaceAll("−", "-")
    .replace(/ (min|mi)$/, "")
    .split(" to ")
    .map((text) => (text.includes(":") ? Number(text.slice(0, 2)) * 60 + Number(text.slice(3)) : Number(text)));
  if (from === undefined || to === undefined || Number.isNaN(from + to)) throw new Error(`no range: ${range}`);
  return `${expression} BETWEEN ${from} AND ${to}`;
}

async function count(where: string): Promise<number> {
  return (await duckdb(`SELECT count(*) FROM flights WHERE ${where}`))[0]![0]!;
}

it("shows all flights, as DuckDB counts them", { timeout: 60_000 }, async () => {
  const page = await open({ viewport: { width: 1280, height: 800 } });
  await page.drawn();
  await page.settled();
  expect(await page.headline()).toBe("3,000,000 of 3,000,000 flights selected");
  for (const title of Object.keys(histograms) as (keyof typeof histograms)[]) {
    await expectBars(page, title, "true");
    expect(await page.range(title)).toBe("all");
  }
  expect(page.complaints).toEqual([]);
  await page.close();
});

it("brushing a histogram changes the others to the right counts", { timeout: 120_000 }, async () => {
  const page = await open({ viewport: { width: 1280, height: 800 } });
  await page.drawn();

  const delay = sqlOf(await page.brush("delay", 0.37, 0.7), "delay");
  await page.selected(await count(delay));
  await expectBars(page, "delay", "true");
  await expectBars(page, "departure", delay);
  await expectBars(page, "Distance", delay);

  const departure = sqlOf(await page.brush("departure", 0.3, 0.52), minutes);
  await page.selected(await count(`${delay} AND ${departure}`));
  await expectBars(page, "delay", departure);
  await expectBars(page, "departure", delay);
  await expectBars(page, "Distance", `${delay} AND ${departure}`);
  const third = await count(`${delay} AND ${departure} AND distance >= 200 AND distance < 300`);
  expect(await page.tip("Distance", 2.5 / 28)).toBe(`Miles 200–300 Flights ${third.toLocaleString("en-US")}`);

  // A click beside a range drops it, Escape drops them all.
  await page.brush("delay", 0.1, 0.1);
  expect(await page.range("delay")).toBe("all");
  await page.selected(await count(departure));
  await expectBars(page, "Distance", departure);
  await page.page.keyboard.press("Escape");
  await page.selected(3_000_000);
  await page.settled();
  for (const title of Object.keys(histograms) as (keyof typeof histograms)[]) await expectBars(page, title, "true");
  expect(await page.page.getByRole("button", { name: "Show all" }).isDisabled()).toBe(true);

  expect(page.complaints).toEqual([]);
  await page.close();
});

it("leaves no tables at the server", async () => {
  const client = new FlightSqlClient(served.url);
  try {
    const tables = await client.query("SELECT table_schema, table_name FROM information_schema.tables").all();
    expect(tables).toEqual([{ table_schema: "main", table_name: "flights" }]);
  } finally {
    await client.close();
  }
});

it("fits a phone in the dark, and brushes by touch", { timeout: 60_000 }, async () => {
  const page = await open({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    colorScheme: "dark",
  });
  await page.drawn();
  expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.touch("delay", 0.4, 0.8);
  await page.selected(await count(sqlOf(await page.range("delay"), "delay")));
  expect(page.complaints).toEqual([]);
  await page.close();
});

it("says what is wrong with a server that has no flights", { timeout: 60_000 }, async () => {
  const { page, complaints } = await served.open();
  await page.goto(`${served.url}/mosaic.html?server=http://127.0.0.1:9`);
  const alert = page.getByRole("alert");
  await alert.getByText("This page may not call that server.").waitFor();
  expect(await page.locator("figure").count()).toBe(0);
  expect(complaints.splice(0).join()).toContain("Content Security Policy");
  await page.route("**/*FlightService/*", (route) => route.abort());
  await page.goto(`${served.url}/mosaic.html`);
  await alert.getByText("The server cannot be reached.").waitFor();
  await page.context().close();
});
