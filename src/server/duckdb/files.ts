import { basename, extname, resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";

/** A file served as a table. */
export interface DataFile {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly format: "parquet" | "csv" | "json";
}

const formats: Readonly<Record<string, DataFile["format"]>> = {
  ".parquet": "parquet",
  ".csv": "csv",
  ".tsv": "csv",
  ".json": "json",
  ".geojson": "json",
  ".jsonl": "json",
  ".ndjson": "json",
};

/** Reads `"path"` or `"name=path"`. */
export function dataFile(spec: string): DataFile {
  const [, given, path = spec] = /^([A-Za-z_]\w*)=(.+)$/.exec(spec) ?? [];
  const plain = path.replace(/\.gz$/i, "");
  const extension = extname(plain);
  const format = formats[extension.toLowerCase()];
  if (!format) {
    const known = Object.keys(formats).join(", ");
    throw new Error(`${path}: no reader for "${extension}" files. Known are ${known}; all but .parquet also with .gz.`);
  }
  return { name: given ?? basename(plain, extension).replace(/\W+/g, "_"), path: resolve(path), format };
}

/** Makes the table of a file. */
export async function registerFile(connection: DuckDBConnection, file: DataFile): Promise<void> {
  const source = `read_${file.format}(${literal(file.path)})`;
  const name = identifier(file.name);
  try {
    if (file.format === "parquet") await connection.run(`CREATE VIEW ${name} AS SELECT * FROM ${source}`);
    else if (file.format === "csv") await connection.run(`CREATE TABLE ${name} AS SELECT * FROM ${source}`);
    else await connection.run(`CREATE TABLE ${name} AS ${await selectJson(connection, source)}`);
  } catch (cause) {
    throw new Error(`${file.path} cannot be served: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** The columns of a JSON file as one would want them in a table. */
async function selectJson(connection: DuckDBConnection, source: string): Promise<string> {
  const columns = await describe(connection, `SELECT * FROM ${source}`);
  if (columns.get("features")?.startsWith("STRUCT(") && columns.get("type") === "VARCHAR") {
    return selectFeatures(connection, `(SELECT unnest(features, max_depth := 2) FROM ${source})`);
  }
  return `SELECT * ${plainText(columns)} FROM ${source}`;
}

/** GeoJSON: a row a feature, its properties as columns; points as longitude and latitude. RFC 7946 §3.2. */
async function selectFeatures(connection: DuckDBConnection, features: string): Promise<string> {
  const members = await describe(connection, `SELECT * FROM ${features}`);
  const shape = await describe(connection, `SELECT geometry.* FROM ${features}`);
  const place =
    shape.get("coordinates") === "DOUBLE[]"
      ? "geometry.coordinates[1] AS longitude, geometry.coordinates[2] AS latitude, geometry.coordinates[3] AS altitude"
      : "geometry";
  const id = members.has("id") ? "id, " : "";
  const properties = await describe(connection, `SELECT properties.* FROM ${features}`);
  return `SELECT * ${plainText(properties)} FROM (SELECT ${id}properties.*, ${place} FROM ${features})`;
}

/** Columns whose values are of several types come as JSON, strings in quotes: as plain text they are of more use. */
function plainText(columns: ReadonlyMap<string, string>): string {
  const replaced = [...columns].filter(([, type]) => type === "JSON").map(([name]) => identifier(name));
  return replaced.length === 0 ? "" : `REPLACE (${replaced.map((name) => `${name} ->> '$' AS ${name}`).join(", ")})`;
}

async function describe(connection: DuckDBConnection, sql: string): Promise<Map<string, string>> {
  // Not by preparing it: a prepared column's type has lost that it is JSON.
  const reader = await connection.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE ${sql})`);
  return new Map(reader.getRows().map(([name, type]) => [String(name), String(type)]));
}

/** A name as SQL quotes it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as SQL quotes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
