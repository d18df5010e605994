import { Module } from "node:module";
import { DuckDBDataChunk, type DuckDBPendingResult } from "@duckdb/node-api";
// Types only: what runs is the copy that node-api itself loads.
import type * as Bindings from "@duckdb/node-bindings";

/*
 * node-api hands out one JS value at a time; a column wants its memory. The bindings below it (they follow DuckDB's C
 * API) give that, as views on DuckDB's own buffers: valid only as long as the chunk is, so whatever is read here is
 * copied before the chunk goes.
 */

export type RawVector = Bindings.Vector;

// Resolved from node-api's own place, so that both use one native library also where packages are not hoisted. Bundlers
// read `createRequire` themselves, and not twice in one: as a method it is left alone.
const bindings: typeof Bindings = Module.createRequire(
  Module.createRequire(import.meta.url).resolve("@duckdb/node-api"),
)("@duckdb/node-bindings");

/** Rows `start` to `start + length` of one vector. What was fetched of it is kept: a call into DuckDB is not cheap. */
export class Part {
  readonly vector: RawVector;
  readonly start: number;
  readonly length: number;
  #bytes: Uint8Array | undefined;
  #validity: Uint8Array | null | undefined;

  constructor(vector: RawVector, start: number, length: number) {
    this.vector = vector;
    this.start = start;
    this.length = length;
  }

  /** The same rows of another vector: a member of a struct. */
  of(vector: RawVector): Part {
    return new Part(vector, this.start, this.length);
  }

  /** The part's values, each `width` bytes wide. */
  bytes(width: number): Uint8Array {
    if (this.length === 0) return new Uint8Array(0);
    if (this.#bytes === undefined) {
      const end = (this.start + this.length) * width;
      this.#bytes = bindings.vector_get_data(this.vector, end).subarray(this.start * width, end);
    }
    return this.#bytes;
  }

  /** DuckDB's validity bits of rows 0 to `start + length`, least significant bit first; null when all are valid. */
  get validity(): Uint8Array | null {
    // C API: a null pointer means that no row is null. The mask is made of 64-bit words.
    this.#validity ??= bindings.vector_get_validity(this.vector, Math.ceil((this.start + this.length) / 64) * 8);
    return this.#validity;
  }
}

export function columnVector(chunk: DuckDBDataChunk, column: number): RawVector {
  return bindings.data_chunk_get_vector(handle(chunk), column);
}

export function listChild(vector: RawVector): RawVector {
  return bindings.list_vector_get_child(vector);
}

export function arrayChild(vector: RawVector): RawVector {
  return bindings.array_vector_get_child(vector);
}

export function structChild(vector: RawVector, index: number): RawVector {
  return bindings.struct_vector_get_child(vector, index);
}

/** Overwrites the beginning of a vector's values. */
export function writeBytes(vector: RawVector, bytes: Uint8Array): void {
  if (bytes.byteLength === 0) return;
  bindings.copy_data_to_vector(vector, 0, bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

/** Says which rows are null; `bits` is made of whole 64-bit words. */
export function writeValidity(vector: RawVector, bits: Uint8Array): void {
  bindings.vector_ensure_validity_writable(vector);
  bindings.copy_data_to_vector_validity(vector, 0, bits.buffer as ArrayBuffer, bits.byteOffset, bits.byteLength);
}

/** Puts a string or a blob into a row; DuckDB keeps a copy. */
export function writeText(vector: RawVector, row: number, bytes: Uint8Array): void {
  bindings.vector_assign_string_element_len(vector, row, bytes);
}

/** Makes room for the values of a list vector's lists, and gives the vector they go to. */
export function sizeList(vector: RawVector, length: number): RawVector {
  bindings.list_vector_reserve(vector, length);
  bindings.list_vector_set_size(vector, length);
  return bindings.list_vector_get_child(vector);
}

/** `length` bytes from the address that stands at `offset` in `bytes`. */
export function bytesAt(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  // The vector's memory is an ArrayBuffer that DuckDB owns; never a shared one.
  return bindings.get_data_from_pointer(bytes.buffer as ArrayBuffer, bytes.byteOffset + offset, length);
}

/** Whether a started statement is done or has failed; asked without working on it, which DuckDB's own threads do. */
export function pendingDone(pending: DuckDBPendingResult): boolean {
  // The state itself does not tell success: what is complete at once is reported as an error.
  return bindings.pending_execution_is_finished(bindings.pending_execute_check_state(handle(pending)));
}

/** DuckDB's text for a statement that failed, else empty. */
export function pendingError(pending: DuckDBPendingResult): string {
  return bindings.pending_error(handle(pending));
}

// node-api keeps its handles private; brackets are TypeScript's way past that, and keep the check that they exist.
function handle(of: DuckDBDataChunk): Bindings.DataChunk;
function handle(of: DuckDBPendingResult): Bindings.PendingResult;
function handle(of: DuckDBDataChunk | DuckDBPendingResult): Bindings.DataChunk | Bindings.PendingResult {
  // biome-ignore lint/complexity/useLiteralKeys: see above
  return of instanceof DuckDBDataChunk ? of["chunk"] : of["pending_result"];
}
