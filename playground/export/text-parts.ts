import type { RecordBatch } from "apache-arrow";
import { csv, json, ndjson } from "../../src/cli/delimited.ts";
import { type Piece, piecesOf } from "../../src/cli/pieces.ts";
import { safeInteger } from "../../src/cli/text.ts";
import type { Batches } from "../batches.ts";
import type { Pause } from "../result/turns.ts";

/** Characters that become a part of a file at a time: small enough to be a string, large enough to be few. */
const PART = 1 << 20;

export type TextFormat = "csv" | "json" | "ndjson";

/** A result as text, in parts: the same text that the command line writes, but for 64-bit integers beyond 2^53 in JSON, which are strings, and CSV's line ends, which are RFC 4180's. */
export async function textParts(batches: Batches, format: TextFormat, pause: Pause): Promise<Blob[]> {
  const pieces = piecesOf(batchesOf(batches.list, pause), Number.POSITIVE_INFINITY);
  const parts: Blob[] = [];
  let text = "";
  for await (const lines of textOf(batches, format, pieces)) {
    text += lines;
    await pause();
    if (text.length < PART) continue;
    parts.push(new Blob([text]));
    text = "";
  }
  parts.push(new Blob([text]));
  return parts;
}

function textOf({ schema }: Batches, format: TextFormat, pieces: AsyncIterable<Piece>): AsyncIterable<string> {
  if (format === "csv") return csv(schema, pieces, "\r\n");
  return format === "json" ? json(schema, pieces, safeInteger) : ndjson(schema, pieces, safeInteger);
}

async function* batchesOf(list: readonly RecordBatch[], pause: Pause): AsyncGenerator<RecordBatch, void, undefined> {
  for (const batch of list) {
    await pause();
    yield batch;
  }
}
