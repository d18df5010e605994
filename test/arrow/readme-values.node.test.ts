import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ValueOptions } from "../../src/arrow/values.ts";
import { golden, goldens } from "./golden/golden.ts";
import { decodeMessages, messagesOf, valuesOf } from "./streams.ts";

// README's table of values is held against what reading gives: a row that is added, dropped or renamed there has to be
// matched here, and every golden stream has to have a row.

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const section = readme.split("\n## ").find((part) => part.startsWith("Values\n"))!;
const rows = section
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Arrow"))
  .map(
    (line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, 4)
        .map((cell) => cell.trim()) as [string, string, string],
  );

/** By README's first column: the types by pyarrow's names, and what every value but null has to be. */
const meaning: Record<string, [types: RegExp, is: (value: never) => boolean]> = {
  null: [/^null$/, () => false],
  bool: [/^bool$/, (v: unknown) => typeof v === "boolean"],
  "(u)int8 to 32, float16 to 64": [/^(u?int(8|16|32)|halffloat|float|double)$/, (v: unknown) => typeof v === "number"],
  "int64, uint64": [/^u?int64$/, (v: unknown) => typeof v === "bigint"],
  "decimal32 to 256": [/^decimal/, (v: unknown) => typeof v === "string" && /^-?\d+(\.\d+)?$/.test(v)],
  "utf8, large, view": [/^(large_)?string(_view)?$/, (v: unknown) => typeof v === "string"],
  "binary, large, view, fixed-size": [
    /^((large_)?binary(_view)?|fixed_size_binary.*)$/,
    (v: Uint8Array) => v.constructor === Uint8Array && v.byteLength === v.buffer.byteLength,
  ],
  "date32, date64": [/^date/, (v: Date) => v.getTime() % 86_400_000 === 0],
  timestamp: [/^timestamp/, (v: unknown) => v instanceof Date],
  "time32, time64": [/^time(32|64)/, (v: string) => /^\d\d:\d\d:\d\d(\.\d{3}|\.\d{6}|\.\d{9})?$/.test(v)],
  duration: [/^duration/, (v: unknown) => typeof v === "bigint"],
  interval: [/^(interval|month_day_nano)/, (v: object) => Object.keys(v).join() === "months,days,nanoseconds"],
  lists: [/^(large_|fixed_size_)?list/, (v: unknown) => Array.isArray(v)],
  struct: [/^struct/, (v: object) => Object.getPrototypeOf(v) === Object.prototype],
  map: [/^map/, (v: unknown) => v instanceof Map],
  "union, dictionary, run-end encoded": [/^((sparse|dense)_union|dictionary|run_end_encoded)/, () => true],
};

test("README's table has the rows that are checked here, and every golden stream has a row", () => {
  expect(rows.map(([arrow]) => arrow)).toEqual(Object.keys(meaning));
  for (const { name, type } of goldens.filter(({ type }) => !type.startsWith("extension"))) {
    expect(
      Object.values(meaning).filter(([types]) => types.test(type)),
      `${name}: ${type}`,
    ).toHaveLength(1);
  }
});

test.each(Object.entries(meaning))("%s", async (_, [types, is]) => {
  const streams = goldens.filter(({ type }) => types.test(type));
  expect(streams.length).toBeGreaterThan(0);
  for (const { name, stream } of streams) {
    const values = valuesOf((await decodeMessages(await messagesOf(stream))).batches).flat();
    for (const value of values) if (value !== null) expect(is(value as never), `${name}: ${String(value)}`).toBe(true);
  }
});

// `satisfies` makes this list complete.
const examples = {
  int64: "int64-safe/nulls",
  decimal: "decimal64/nulls",
  timestamp: "timestamp-us/nulls",
} satisfies Record<keyof ValueOptions, string>;

test("README names every option and every value of it", async () => {
  const documented = rows.flatMap(([, , option]) => [...option.matchAll(/`(\w+): ("[^`]*)`/g)]);
  expect(documented.map(([, name]) => name).sort()).toEqual(Object.keys(examples).sort());
  for (const [, name, choices] of documented) {
    const messages = await messagesOf(golden(examples[name as keyof ValueOptions]).stream);
    for (const [, choice] of choices!.matchAll(/"(\w+)"/g)) {
      const [values] = valuesOf((await decodeMessages(messages)).batches, { [name!]: choice });
      for (const value of values!.filter((v) => v !== null)) {
        expect(value instanceof Date ? "date" : typeof value, `${name}: ${choice}`).toBe(choice);
      }
    }
  }
});
