import type { TableInfo } from "flightsql";
import { expect, it } from "vitest";
import { sqlName } from "../../playground/tables/catalog.ts";

function table(catalog: string | null, dbSchema: string | null, name: string): TableInfo {
  return { catalog, dbSchema, name, type: "TABLE", schema: null };
}

it("names a table as shortly as the other tables allow", () => {
  const flights = table("memory", "main", "flights");
  expect(sqlName(flights, [flights, table("memory", "main", "movies")])).toBe("flights");
  expect(sqlName(flights, [flights, table("memory", "old", "flights")])).toBe("main.flights");
  expect(sqlName(flights, [flights, table("disk", "main", "flights")])).toBe("memory.main.flights");
});

it("leaves out what the server does not have", () => {
  const home = table(null, "iox", "home");
  expect(sqlName(home, [home, table(null, null, "other")])).toBe("iox.home");
  expect(sqlName(table(null, null, "other"), [home, table(null, null, "other")])).toBe("other");
});

it("quotes what SQL would read otherwise", () => {
  for (const [name, sql] of [
    ["two words", '"two words"'],
    ["Flights", '"Flights"'],
    ['an "odd" one', '"an ""odd"" one"'],
    ["1st", '"1st"'],
    ["order", '"order"'],
    ["weather_2", "weather_2"],
  ] as const) {
    const only = table(null, null, name);
    expect(sqlName(only, [only])).toBe(sql);
  }
});
