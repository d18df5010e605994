import type { Dialect, DialectAdapter, QueryCompiler, QueryExecutorProvider } from "kysely";
import type { FlightSqlClient } from "../sql/client.ts";
import type { CallOptions, ValueOptions } from "../sql/index.ts";
import { FlightSqlAdapter } from "./adapter.ts";
import { type CompilerOptions, FlightSqlQueryCompiler } from "./compiler.ts";
import { FlightSqlDriver } from "./driver.ts";
import { readFacts } from "./facts.ts";
import { FlightSqlIntrospector } from "./introspector.ts";

export interface FlightSqlDialectConfig extends CompilerOptions {
  /** The client that runs everything. `db.destroy()` closes it. */
  client: FlightSqlClient;
  /**
   * Writes the SQL, in place of PostgreSQL's: `new SqliteQueryCompiler()`, `new MysqlQueryCompiler()`, or one of your
   * own. `quote` and `placeholder` are then its own affair.
   */
  queryCompiler?: QueryCompiler | undefined;
  /** Default `new FlightSqlAdapter()`. */
  adapter?: DialectAdapter | undefined;
  /** Which JavaScript values int64, decimals and timestamps become. Default: bigint, string and Date. */
  values?: ValueOptions | undefined;
  /** Sent with each call: `timeoutMs`, `metadata`, and a `signal` that stops all of this Kysely's queries. */
  call?: CallOptions | undefined;
  /** The introspector tells of this catalog alone. Default: of all. */
  catalog?: string | undefined;
}

/**
 * Kysely over Flight SQL: the builder's queries run at the server, transactions and savepoints are the protocol's own,
 * parameters are bound to prepared statements, `stream()` reads as the rows arrive.
 *
 * `new FlightSqlDialect` asks the server nothing: Kysely compiles a query before it connects, so the quote character
 * has to be there by then, and is `"` unless `quote` says otherwise. `await FlightSqlDialect.create` reads it from the
 * server (SqlInfo 504), and whether a transaction undoes DDL too.
 *
 * - Rows: as `result.all(values)` gives them. `insertId` is always undefined; `numAffectedRows` is what the server
 *   says, `-1n` when it does not know.
 * - Raw SQL whose text does not tell whether it answers with rows is prepared first, and the server asked. Nothing is
 *   sent twice.
 * - Isolation levels and access modes are refused with `unimplemented`: the protocol has none.
 * - `db.introspection` reads information_schema, or the server's metadata commands when the client was made with
 *   `features: { "metadata-reflection": "true" }`.
 * - Cancelling: break off a `stream()`; abort the `signal` of `call`; or, with Kysely 0.29, that of one query, with
 *   `inflightQueryAbortStrategy: "cancel query"`.
 *
 * @example
 * ```ts
 * import { FlightSqlClient } from "flightsql";
 * import { FlightSqlDialect } from "flightsql/kysely";
 * import { type Generated, Kysely } from "kysely";
 *
 * interface Database {
 *   person: { id: Generated<bigint>; name: string; age: number | null };
 * }
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * const db = new Kysely<Database>({ dialect: await FlightSqlDialect.create({ client }) });
 * try {
 *   const adults = await db.selectFrom("person").select(["id", "name"]).where("age", ">=", 18).execute();
 *   for (const { id, name } of adults) console.log(id, name);
 * } finally {
 *   await db.destroy();
 *   await client.close(); // Kysely leaves it open when it has run nothing
 * }
 * ```
 */
export class FlightSqlDialect implements Dialect {
  readonly #config: FlightSqlDialectConfig;

  constructor(config: FlightSqlDialectConfig) {
    this.#config = config;
  }

  /**
   * A dialect that has asked the server, once, what is not in `config`: the quote character, and whether migrations can
   * run in a transaction. A server that does not say gets the defaults.
   *
   * @throws FlightSqlError when the server cannot be reached
   */
  static async create(config: FlightSqlDialectConfig): Promise<FlightSqlDialect> {
    const { quote, transactionalDdl } = await readFacts(config.client, config.call ?? {});
    return new FlightSqlDialect({
      ...config,
      quote: config.quote ?? quote,
      adapter: config.adapter ?? new FlightSqlAdapter({ transactionalDdl }),
    });
  }

  createDriver(): FlightSqlDriver {
    const { client, values = {}, call = {} } = this.#config;
    return new FlightSqlDriver(client, { values, call });
  }

  createQueryCompiler(): QueryCompiler {
    return this.#config.queryCompiler ?? new FlightSqlQueryCompiler(this.#config);
  }

  createAdapter(): DialectAdapter {
    return this.#config.adapter ?? new FlightSqlAdapter();
  }

  createIntrospector(db: QueryExecutorProvider): FlightSqlIntrospector {
    const { client, catalog, call = {} } = this.#config;
    return new FlightSqlIntrospector(db, { client, catalog, call });
  }
}
