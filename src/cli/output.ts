import { extname } from "node:path";
import type { RecordBatch, Schema } from "apache-arrow";
import { type SwitchOption, type TextOption, UsageError } from "./command.ts";
import { csv, json, ndjson } from "./delimited.ts";
import { piecesOf } from "./pieces.ts";
import { openSink, type Sink } from "./sink.ts";
import { table } from "./table.ts";

/** How results are printed. */
export const outputOptions: {
  readonly format: TextOption;
  readonly output: TextOption;
  readonly limit: TextOption;
  readonly types: SwitchOption;
} = {
  format: { type: "string", short: "F" },
  output: { type: "string", short: "o" },
  limit: { type: "string", short: "n" },
  types: { type: "boolean" },
};

export const outputHelp = `Output: a table on a terminal, CSV elsewhere
  -F, --format FORMAT     table, csv, json (one array), ndjson (an object a line) or arrow (an Arrow IPC stream)
  -o, --output FILE       writes to a file; its ending decides the format: .csv .json .ndjson .jsonl .arrows .txt
  -n, --limit ROWS        at most so many rows, or all; not for arrow. A table on a terminal stops at 100 unless told
      --types             a second header line with the columns' types, in tables

Tables are fitted to the terminal, or to $COLUMNS: cells that were cut end in …, ∅ is null. All other formats are exact:
64-bit integers are numbers with all digits, decimals are written in full (as strings in JSON), timestamps in ISO 8601
with the digits of their type, bytes in hexadecimal, durations as PT1.5S, nested values as JSON. In CSV null is empty,
and empty text is "".`;

type Format = "table" | "csv" | "json" | "ndjson" | "arrow";

interface Values {
  readonly format?: string | undefined;
  readonly output?: string | undefined;
  readonly limit?: string | undefined;
  readonly types?: boolean | undefined;
}

/** What can be printed: a QueryResult is. */
export interface Printable extends AsyncIterable<RecordBatch> {
  schema(): Promise<Schema>;
  ipc(): AsyncIterable<Uint8Array>;
}

/** Where to, and in which form. Made before anything is asked of a server, as it may be wrong. */
export interface Output {
  readonly sink: Sink;
  /** Writes it all. `begin` is called before the first byte. */
  print(result: Printable, begin?: () => void): Promise<void>;
}

/** @throws UsageError for what is no format or limit, and for bytes on a terminal */
export function openOutput(values: Values): Output {
  const format = formatOf(values);
  if (format === "arrow" && values.limit !== undefined) {
    throw new UsageError(
      "--limit is not for arrow, whose batches go through as they are: put LIMIT into the statement",
    );
  }
  if (format === "arrow" && values.output === undefined && process.stdout.isTTY) {
    throw new UsageError("arrow is bytes, and standard output is a terminal: give --output FILE.arrows, or pipe it");
  }
  const limit = limitOf(values, format);
  const sink = openSink(values.output);
  return {
    sink,
    async print(result, begin = () => {}) {
      for await (const chunk of chunks(result, format, limit, values)) {
        begin();
        await sink.write(chunk);
      }
      await sink.end();
    },
  };
}

async function* chunks(
  result: Printable,
  format: Format,
  limit: number,
  values: Values,
): AsyncGenerator<string | Uint8Array, void, undefined> {
  if (format === "arrow") return yield* result.ipc();
  const schema = await result.schema();
  let isMore = false;
  const pieces = piecesOf(result, limit, () => {
    isMore = true;
  });
  if (format === "csv") yield* csv(schema, pieces);
  else if (format === "json") yield* json(schema, pieces);
  else if (format === "ndjson") yield* ndjson(schema, pieces);
  else {
    const remark = () => (isMore ? "; there are more: --limit ROWS, or --limit all" : "");
    yield* table(schema, pieces, { ...terminal(values.output), types: values.types === true, remark });
  }
}

function formatOf({ format, output }: Values): Format {
  if (format !== undefined) {
    if (isFormat(format)) return format;
    throw new UsageError("--format is one of table, csv, json, ndjson and arrow");
  }
  if (output === undefined) return process.stdout.isTTY ? "table" : "csv";
  const known = endings[extname(output).toLowerCase()];
  if (known !== undefined) return known;
  throw new UsageError(
    "which format? The file's ending does not tell (.arrow is that of Arrow files, this writes a stream: .arrows): give --format",
  );
}

const endings: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".json": "json",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".arrows": "arrow",
  ".txt": "table",
};

function isFormat(text: string): text is Format {
  return ["table", "csv", "json", "ndjson", "arrow"].includes(text);
}

function limitOf({ limit, output }: Values, format: Format): number {
  if (limit === undefined) {
    return format === "table" && output === undefined && process.stdout.isTTY ? 100 : Number.POSITIVE_INFINITY;
  }
  if (limit === "all") return Number.POSITIVE_INFINITY;
  if (!/^\d{1,15}$/.test(limit)) throw new UsageError("--limit wants a number of rows, or all");
  return Number(limit);
}

/** How wide lines may be. COLUMNS goes before what the terminal says: it is set by hand. */
function terminal(output: string | undefined): { width: number; color: boolean } {
  const stdout = output === undefined && process.stdout.isTTY ? process.stdout : undefined;
  const width = Number(process.env.COLUMNS) || stdout?.columns || Number.POSITIVE_INFINITY;
  return { width, color: stdout?.hasColors() === true && !process.env.NO_COLOR };
}
