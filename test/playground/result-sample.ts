import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Dictionary,
  DurationMicrosecond,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  makeData,
  makeVector,
  Schema,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint32,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import { Batches } from "../../playground/batches.ts";
import { recordBatch } from "./scripted-backend.ts";

/** The batches of columns, cut after each `rows` of them. */
export function batchesOf(columns: Record<string, Vector>, rows: number = Number.POSITIVE_INFINITY): Batches {
  const vectors = Object.values(columns);
  const fields = Object.entries(columns).map(([name, { type }]) => new Field(name, type, true));
  const schema = new Schema(fields);
  const batches = new Batches(schema);
  const { length } = vectors[0]!;
  for (let begin = 0; begin < length; begin += rows) {
    const end = Math.min(length, begin + rows);
    batches.push(
      recordBatch(
        schema,
        vectors.map((vector) => vector.slice(begin, end)),
      ),
    );
  }
  return batches;
}

const third = new Uint8Array([0b011]);

/** Three rows of many types, the last of them null throughout. */
export function manyTypes(): Record<string, Vector> {
  const fixed = <Type extends Parameters<typeof makeData>[0]>(props: Type): Vector => makeVector(makeData(props));
  const words = new Uint32Array([12_340, 0, 0, 0, ...new Array(4).fill(0xffffffff), 0, 0, 0, 0]);
  return {
    i8: vectorFromArray([-128, 127, null], new Int8()),
    i32: vectorFromArray([-(2 ** 31), 7, null], new Int32()),
    i64: vectorFromArray([2n ** 63n - 1n, 9007199254740993n, null], new Int64()),
    u32: vectorFromArray([4294967295, 1, null], new Uint32()),
    u64: vectorFromArray([2n ** 64n - 1n, 1n, null], new Uint64()),
    f32: vectorFromArray([0.1, -0, null], new Float32()),
    f64: vectorFromArray([Number.NaN, 1 / 3, null], new Float64()),
    yes: vectorFromArray([true, false, null], new Bool()),
    money: fixed({ type: new Decimal(3, 38, 128), data: words, nullBitmap: third, length: 3, nullCount: 1 }),
    cents: fixed({
      type: new Decimal(2, 9, 128),
      data: new Uint32Array([1999, 0, 0, 0, ...new Array(4).fill(0xffffffff), 0, 0, 0, 0]),
      nullBitmap: third,
      length: 3,
      nullCount: 1,
    }),
    day: vectorFromArray([new Date("2024-02-29"), new Date("1969-12-31"), null], new DateDay()),
    seconds: fixed({
      type: new TimestampSecond(),
      data: new BigInt64Array([1_700_000_000n, -1n, 0n]),
      nullBitmap: third,
      length: 3,
      nullCount: 1,
    }),
    micros: fixed({
      type: new TimestampMicrosecond("UTC"),
      data: new BigInt64Array([1_700_000_000_123_456n, -1n, 0n]),
      nullBitmap: third,
      length: 3,
      nullCount: 1,
    }),
    nanos: fixed({
      type: new TimestampNanosecond(),
      data: new BigInt64Array([1_700_000_000_123_456_789n, -1n, 0n]),
      nullBitmap: third,
      length: 3,
      nullCount: 1,
    }),
    clock: fixed({
      type: new TimeMicrosecond(),
      data: new BigInt64Array([86_399_999_999n, 1n, 0n]),
      nullBitmap: third,
      length: 3,
      nullCount: 1,
    }),
    span: fixed({
      type: new DurationMicrosecond(),
      data: new BigInt64Array([1_500_000n, -1n, 0n]),
      nullBitmap: third,
      length: 3,
      nullCount: 1,
    }),
    words: vectorFromArray(['a "b",\n c', "", null], new Utf8()),
    code: vectorFromArray(["UA", "AA", null], new Dictionary(new Utf8(), new Int32())),
    bytes: vectorFromArray([Uint8Array.of(0, 255), new Uint8Array(0), null], new Binary()),
    pair: vectorFromArray([Uint8Array.of(1, 2), Uint8Array.of(3, 4), null], new FixedSizeBinary(2)),
    list: vectorFromArray([[1n, 2n ** 60n], [], null], new List(new Field("item", new Int64()))),
  };
}
