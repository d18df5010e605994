import { Bool, Field, Int8, Int32, Table, Utf8 } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { columnsToBatch } from "../../src/arrow/columns.ts";
import { encapsulate, readSchema } from "../../src/arrow/encapsulated.ts";
import { BatchEncoder, writeSchema } from "../../src/arrow/encode.ts";
import { batchRows } from "../../src/arrow/rows.ts";
import { golden, goldens } from "./golden/golden.ts";
import { decodeMessages, messagesOf } from "./streams.ts";

async function read(name: string): ReturnType<typeof decodeMessages> {
  return await decodeMessages(await messagesOf(golden(name).stream));
}

describe("schema bytes", () => {
  test("in every shape in the wild", async () => {
    const [message] = await messagesOf(golden("struct/nested").stream);
    const { header } = message!;
    const marked = encapsulate(header);
    const end = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    const expected = String((await read("struct/nested")).schema);
    // Of a larger buffer, at an odd place, as protobuf hands bytes over.
    const shifted = new Uint8Array(marked.byteLength + 3);
    shifted.set(marked, 3);
    for (const [shape, bytes] of Object.entries({
      encapsulated: marked,
      "with an end marker": Uint8Array.from([...marked, ...end]),
      legacy: marked.subarray(4),
      "legacy with an end marker": Uint8Array.from([...marked.subarray(4), 0, 0, 0, 0]),
      bare: header,
      "at an odd place": shifted.subarray(3),
    })) {
      expect(String(readSchema(bytes)), shape).toBe(expected);
    }
    expect(readSchema(new Uint8Array(0))).toBeNull();
  });

  test("that are none are refused", async () => {
    const batch = (await messagesOf(golden("int8/nulls").stream))[1]!;
    expect(() => readSchema(encapsulate(batch.header))).toThrow("no Arrow schema");
    expect(() => readSchema(new Uint8Array(5))).toThrow("too short");
    expect(() => readSchema(new TextEncoder().encode("<html>not found</html>"))).toThrow(/Range|Type|outside|beyond/);
  });

  test.each(goldens.filter(({ name }) => name.endsWith("/empty")).map(({ name }) => name))(
    "%s is written as it was read",
    async (name) => {
      const { schema } = await read(name);
      const again = readSchema(writeSchema(schema))!;
      expect(again.fields.map(String)).toEqual(schema.fields.map(String));
      expect(again.fields.map((f) => [f.nullable, f.metadata])).toEqual(
        schema.fields.map((f) => [f.nullable, f.metadata]),
      );
    },
  );
});

test("metadata of schema, fields and batches", async () => {
  const { schema, batches } = await read("framing/metadata");
  expect(schema.metadata).toEqual(new Map([["k", "of the schema"]]));
  expect(schema.fields[0]!.metadata).toEqual(
    new Map([
      ["k", "of the field"],
      ["ARROW:extension:name", "nobody.knows"],
    ]),
  );
  expect(batches[0]!.metadata).toEqual(new Map([["k", "of the batch"]]));
});

test("extension types keep their name", async () => {
  const { schema } = await read("extension-uuid/nulls");
  expect(String(schema.fields[0]!.type)).toBe("FixedSizeBinary[16]");
  expect(schema.fields[0]!.metadata.get("ARROW:extension:name")).toBe("arrow.uuid");
});

test.each([
  ["list_view/nulls", "List<Utf8>", "list_view"],
  ["large_list_view/nulls", "LargeList<Utf8>", "large_list_view"],
  ["run_end_encoded-16/nulls", "Utf8", "run_end_encoded<int16>"],
  ["run_end_encoded-64/nulls", "Utf8", "run_end_encoded<int64>"],
  ["run_end_encoded-of-decimal/nulls", "Decimal[9e+2]", "run_end_encoded<int32>"],
  ["list/nulls", "List<Int16>", undefined],
])("%s is shown as %s", async (name, type, original) => {
  const [field] = (await read(name)).schema.fields;
  expect(String(field!.type)).toBe(type);
  expect(field!.metadata.get("flightsql:type")).toBe(original);
});

test("a field without a name has an empty one, and a Table is made of it", async () => {
  const messages = await messagesOf(golden("int8/nulls").stream);
  const header = messages[0]!.header.slice();
  // The vtable entry of the first field's name, set to 0: left out.
  const view = new DataView(header.buffer);
  const follow = (at: number): number => at + view.getUint32(at, true);
  const vtable = (table: number): number => table - view.getInt32(table, true);
  const slot = (table: number, n: number): number => table + view.getUint16(vtable(table) + 4 + 2 * n, true);
  const schema = follow(slot(follow(0), 2));
  view.setUint16(vtable(follow(follow(slot(schema, 1)) + 4)) + 4, 0, true);
  const decoded = await decodeMessages([{ header, body: new Uint8Array(0) }, ...messages.slice(1)]);
  expect(decoded.schema.fields[0]!.name).toBe("");
  expect(new Table(decoded.schema, decoded.batches).numRows).toBe(9);
});

test("columns called alike keep their types and values", async () => {
  const names = ["a", "a", "a_2", "__proto__", "toJSON"];
  const types = [new Int8(), new Utf8(), new Bool(), new Int32(), new Utf8()];
  const values = [1, "x", true, 7, "json"];
  const fields = names.map((name, i) => new Field(name, types[i]!, true));
  const batch = columnsToBatch(
    fields.map((field, c) => ({ field, values: [values[c]], place: () => "" })),
    1,
  );
  const encoder = new BatchEncoder(batch.schema);
  const { schema, batches } = await decodeMessages([
    encoder.schema(),
    ...encoder.batch(batch),
    ...encoder.batch(batch.slice(0, 1)),
  ]);
  const table = new Table(schema, batches);
  expect(table.schema.fields.map((f) => [f.name, String(f.type)])).toEqual(names.map((n, i) => [n, String(types[i])]));
  expect(names.map((_, i) => table.getChildAt(i)!.get(0))).toEqual(values);
  const [row] = [...batchRows<object>(table.batches[1]!)].flat();
  expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  expect(Object.entries(row!)).toEqual([
    ["a", 1],
    ["a_3", "x"],
    ["a_2", true],
    ["__proto__", 7],
    ["toJSON", "json"],
  ]);
});

test.each([0, 1, 7, 8, 9, 20])("rows of %i columns have each value by its name", (count) => {
  const columns = Array.from({ length: count }, (_, c) => ({
    field: new Field(`c${c}`, new Int32(), true),
    values: [c, null, c + 100],
    place: () => "",
  }));
  const rows = [...batchRows<object>(columnsToBatch(columns, 3))].flat();
  const expected = [0, 1, 2].map((row) => columns.map(({ field, values }) => [field.name, values[row]]));
  expect(rows.map(Object.entries)).toEqual(expected);
});

test.each(["decimal32", "decimal64", "decimal128", "decimal256", "run_end_encoded-of-decimal"])(
  "a Table prints %s right",
  async (name) => {
    for (const variant of ["nulls", "slices"]) {
      const { schema, batches } = await read(`${name}/${variant}`);
      const expected = golden(`${name}/${variant}`)
        .batches.flat()
        .map((v) => (v === null ? null : unscaled(String(v))));
      const column = new Table(schema, batches).getChildAt(0)!;
      expect([...column].map((v) => v && String(v))).toEqual(expected);
      expect([...column.slice(1)].map((v) => v && `${v}`)).toEqual(expected.slice(1));
      expect(JSON.parse(JSON.stringify([...column]))).toEqual(expected.map((v) => v && `"${v}"`));
    }
  },
);

/** "-1.20" → "-120", as apache-arrow prints decimals. */
function unscaled(text: string): string {
  return String(BigInt(text.replace(".", "")));
}
