import type { Batches } from "../batches.ts";
import type { Pause } from "../result/turns.ts";

/** A kind of file that a result can be saved as. */
export interface Format {
  name: string;
  extension: string;
  type: string;
  /** What becomes of the values. */
  hint: string;
  parts(batches: Batches, pause: Pause): Promise<Blob[]>;
}

const asText = (format: "csv" | "json" | "ndjson"): Format["parts"] => {
  return async (batches, pause) => (await import("./text-parts.ts")).textParts(batches, format, pause);
};

export const formats: readonly Format[] = [
  {
    name: "CSV",
    extension: "csv",
    type: "text/csv",
    hint: 'every digit; null is empty, empty text is ""',
    parts: asText("csv"),
  },
  {
    name: "JSON",
    extension: "json",
    type: "application/json",
    hint: "an array; integers beyond 2^53 as strings",
    parts: asText("json"),
  },
  {
    name: "NDJSON",
    extension: "ndjson",
    type: "application/x-ndjson",
    hint: "an object a line; integers beyond 2^53 as strings",
    parts: asText("ndjson"),
  },
  {
    name: "Arrow",
    extension: "arrows",
    type: "application/vnd.apache.arrow.stream",
    hint: "an IPC stream, every type as it came",
    parts: async (batches, pause) => (await import("./arrow-parts.ts")).arrowParts(batches, pause),
  },
  {
    name: "Parquet",
    extension: "parquet",
    type: "application/vnd.apache.parquet",
    hint: "nested values as JSON text",
    parts: async (batches, pause) => (await import("./parquet-parts.ts")).parquetParts(batches, pause),
  },
];

/** A name for a file with the rows of a statement: that of the first table it reads. */
export function fileName(statement: string): string {
  // Names in quotes hold anything but their quote; comments and texts are no place to look for a table.
  const code = statement.replace(/--.*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, " ");
  const [, path] = /\bfrom\s+((?:"[^"]+"|`[^`]+`|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|`[^`]+`|[\w$]+))*)/i.exec(code) ?? [];
  const table = path?.match(/"[^"]+"|`[^`]+`|[\w$]+/g)?.at(-1) ?? "result";
  const name = table
    .replace(/["`]/g, "")
    .replace(/[^\p{L}\p{N}._-]+/gu, "_")
    .replace(/^[._]+/, "");
  return name.slice(0, 80) || "result";
}
