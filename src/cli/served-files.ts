import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { UsageError } from "./command.ts";
import type { Weight } from "./outgrown.ts";

/** What the arguments of `serve` ask for. */
export interface ServedFiles {
  /** A DuckDB database file. */
  readonly database: string | undefined;
  /** `[name=]path` of the files that DuckDB reads. */
  readonly files: readonly string[];
  /** Arrow files and streams, which are loaded through the server itself. */
  readonly arrow: readonly { readonly table: string; readonly path: string }[];
  readonly weights: readonly Weight[];
}

const databases = [".duckdb", ".ddb", ".db"];
const arrows = [".arrow", ".arrows", ".feather", ".ipc"];

/** @throws UsageError for a second database */
export function sortFiles(specs: readonly string[], database: string | undefined): ServedFiles {
  const files: string[] = [];
  const arrow: { table: string; path: string }[] = [];
  const weights: Weight[] = [];
  let found = database;
  for (const spec of specs) {
    const [, name, path = spec] = /^([A-Za-z_]\w*)=(.+)$/.exec(spec) ?? [];
    const extension = extname(path).toLowerCase();
    if (databases.includes(extension)) {
      if (found !== undefined) throw new UsageError("one database at a time");
      found = path;
      // A name that was mistyped must not become an empty database; --database makes one on purpose.
      bytesOf(path);
      continue;
    }
    weights.push({ bytes: bytesOf(path), isLoaded: extension !== ".parquet" });
    if (arrows.includes(extension)) {
      arrow.push({ table: name ?? basename(path, extname(path)).replace(/\W+/g, "_"), path });
    } else files.push(spec);
  }
  if (found !== undefined) weights.push({ bytes: bytesOf(found, 0), isLoaded: false });
  return { database: found, files, arrow, weights };
}

function bytesOf(path: string, otherwise?: number): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) return found.size;
  // A pattern such as data/*.parquet is DuckDB's to expand.
  if (otherwise !== undefined || /[*?[]/.test(path)) return otherwise ?? 0;
  throw new UsageError(`there is no file ${path}`);
}
