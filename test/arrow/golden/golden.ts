import type { ValueOptions } from "../../../src/arrow/values.ts";
import { lines } from "./streams.ts";

/** A stream that pyarrow wrote, and the values that it has to be read as. See make.py. */
export interface Golden {
  readonly name: string;
  /** The Arrow type of column "c", as pyarrow prints it. */
  readonly type: string;
  readonly stream: Uint8Array<ArrayBuffer>;
  /** By record batch, the values of column "c". */
  readonly batches: readonly (readonly unknown[])[];
  /** The same under options. */
  readonly options: readonly (readonly [ValueOptions, readonly (readonly unknown[])[]])[];
}

export const goldens: readonly Golden[] = lines
  .trim()
  .split("\n")
  .map((line) => {
    const { name, type, stream, batches, options } = JSON.parse(line) as Record<keyof Golden, never>;
    return {
      name,
      type,
      stream: Uint8Array.from(atob(stream), (c) => c.charCodeAt(0)),
      batches: revive(batches) as unknown[][],
      options: (options as [ValueOptions, unknown][]).map(([o, b]) => [o, revive(b) as unknown[][]] as const),
    };
  });

export function golden(name: string): Golden {
  const found = goldens.find((g) => g.name === name);
  if (found === undefined) throw new Error(`there is no golden stream ${name}`);
  return found;
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const { $: kind, v } = value as { $: string; v: never };
  switch (kind) {
    case "bigint":
      return BigInt(v);
    case "number":
      return Number(v);
    case "date":
      return new Date(v);
    case "bytes":
      return Uint8Array.from(v);
    case "interval":
      return { months: v[0], days: v[1], nanoseconds: BigInt(v[2]) };
    case "map":
      return new Map(revive(v) as [unknown, unknown][]);
    case "object":
      // Not Object.fromEntries' business how __proto__ is defined, but ours to expect it as an own property.
      return Object.fromEntries(revive(v) as [string, unknown][]);
    case "counter":
      return Array.from({ length: Number(v) }, (_, i) => String(i % 1000).padStart(4, "0")).join("");
    default:
      throw new Error(`golden data has an unknown kind ${kind}`);
  }
}
