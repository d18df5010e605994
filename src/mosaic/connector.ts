import type { ArrowQueryRequest, Connector, ConnectorQueryRequest, ExecQueryRequest } from "@uwdata/mosaic-core";
import type { FlightSqlClient } from "../sql/client.ts";
import type { CallOptions } from "../sql/index.ts";
import { readBytes } from "./bytes.ts";
import { splitStatements } from "./statements.ts";

/** Rows in place of Arrow: Mosaic 0.32 asks for none itself, older components and your own code may. */
export interface JsonRequest extends ConnectorQueryRequest {
  type: "json";
}

/** What `coordinator.query(sql, { signal })` adds to a request. */
export interface Stoppable {
  /** Aborting it stops the query here and at the server. */
  signal?: AbortSignal | undefined;
}

/** A Mosaic connector: what `coordinator().databaseConnector(…)` and `new Coordinator(…)` take. */
export interface FlightSqlConnector extends Connector {
  /** The result as one Arrow IPC stream, bodies inflated: Mosaic's own decoder has no codecs. */
  query(request: ArrowQueryRequest & Stoppable): Promise<Uint8Array>;
  query(request: ExecQueryRequest & Stoppable): Promise<void>;
  /** Plain objects with the values Mosaic works with: numbers for int64 and decimals, Date for timestamps. */
  query<Row = Record<string, unknown>>(request: JsonRequest & Stoppable): Promise<Row[]>;
}

/**
 * Mosaic over Flight SQL: every query of a dashboard runs at the server, the bytes go to Mosaic as they came.
 *
 * - Several statements in one request are sent one after the other; the answer is the last one's.
 * - Failures are the client's `FlightSqlError`s.
 * - Mosaic tells its connector of no cancellation (`coordinator.cancel` forgets the result, and no more). What stops a
 *   query at the server is the `signal` of `coordinator.query(sql, { signal })` or of `call`, a time limit, or
 *   `client.close()`.
 * - Mosaic writes DuckDB's SQL, and its pre-aggregation creates tables in a schema `mosaic` that other connections can
 *   see: `new Coordinator(connector, { preagg: { enabled: false } })` for a server that lets you create none.
 *
 * @param call sent with each query: `timeoutMs`, `metadata`, and a `signal` that stops them all
 *
 * @example
 * ```ts
 * import { coordinator } from "@uwdata/mosaic-core";
 * import { FlightSqlClient } from "flightsql";
 * import { flightSqlConnector } from "flightsql/mosaic";
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * coordinator().databaseConnector(flightSqlConnector(client));
 * ```
 */
export function flightSqlConnector(client: FlightSqlClient, call: CallOptions = {}): FlightSqlConnector {
  function query(request: ArrowQueryRequest & Stoppable): Promise<Uint8Array>;
  function query(request: ExecQueryRequest & Stoppable): Promise<void>;
  function query<Row>(request: JsonRequest & Stoppable): Promise<Row[]>;
  async function query<Row>(
    request: (ArrowQueryRequest | ExecQueryRequest | JsonRequest) & Stoppable,
  ): Promise<unknown> {
    const { type, sql, signal } = request;
    const options: CallOptions = { ...call, signal: either(signal, call.signal) };
    // Mosaic joins several statements to one text; a Flight SQL command is one.
    const parts = splitStatements(sql).map(({ text }) => text);
    // A request without a statement is for the server to refuse, in its own words.
    const last = parts.pop() ?? sql;
    for (const part of parts) await client.executeUpdate(part, undefined, options);
    if (type === "arrow") return await readBytes(client.query(last, undefined, options).ipc({ decompress: true }));
    if (type === "json") {
      return await client.query(last, undefined, options).all<Row>({ int64: "number", decimal: "number" });
    }
    await client.executeUpdate(last, undefined, options);
  }
  return { query };
}

function either(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a === undefined || b === undefined ? (a ?? b) : AbortSignal.any([a, b]);
}
