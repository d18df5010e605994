import type { Schema } from "apache-arrow";
import type { FlightSqlClient, PreparedStatement, QueryResult } from "flightsql";
import { CommandGetSqlInfoSchema } from "../../src/gen/FlightSql_pb.ts";
import { packAny } from "../../src/sql/command.ts";
import { check, equal } from "./assert.ts";
import { sameSchema } from "./compare.ts";
import type { Proof } from "./features.ts";
import type { Scenario } from "./scenario.ts";
import * as schemas from "./schemas.ts";

/** The schema of a result's stream, which has no rows in these scenarios: GetFlightInfo's may differ and does not count. */
export async function sameStream(
  client: FlightSqlClient,
  result: QueryResult,
  schema: Schema,
  what: string,
): Promise<void> {
  const { endpoints } = await result.info();
  equal(endpoints.length, 1, `${what}: endpoints`);
  const reader = client.doGet(endpoints[0]!);
  sameSchema(await reader.schema(), schema, `${what}: DoGet`);
  equal((await reader.readAll()).numRows, 0, `${what}: rows`);
  // The way of those who do not know of tickets.
  sameSchema((await result.table()).schema, schema, `${what}: table()`);
}

interface MetadataStep {
  readonly proof: Proof;
  readonly result: (client: FlightSqlClient) => QueryResult;
  readonly schema: Schema;
  readonly getSchema: (client: FlightSqlClient) => Promise<Schema | null>;
}

const table = { catalog: "catalog", dbSchema: "db_schema", table: "table" };
const metadataSteps: readonly MetadataStep[] = [
  {
    proof: "GetCatalogs",
    result: (client) => client.getCatalogs(),
    schema: schemas.catalogsSchema,
    getSchema: (client) => client.getCatalogsSchema(),
  },
  {
    proof: "GetDbSchemas",
    result: (client) => client.getDbSchemas({ catalog: "catalog", dbSchemaFilterPattern: "db_schema_filter_pattern" }),
    schema: schemas.dbSchemasSchema,
    getSchema: (client) => client.getDbSchemasSchema(),
  },
  {
    proof: "GetTables",
    result: (client) =>
      client.getTables({
        catalog: "catalog",
        dbSchemaFilterPattern: "db_schema_filter_pattern",
        tableNameFilterPattern: "table_filter_pattern",
        tableTypes: ["table", "view"],
        includeSchema: true,
      }),
    schema: schemas.tablesWithSchemaSchema,
    getSchema: (client) => client.getTablesSchema({ includeSchema: true }),
  },
  {
    proof: "GetTableTypes",
    result: (client) => client.getTableTypes(),
    schema: schemas.tableTypesSchema,
    getSchema: (client) => client.getTableTypesSchema(),
  },
  {
    proof: "GetPrimaryKeys",
    result: (client) => client.getPrimaryKeys(table),
    schema: schemas.primaryKeysSchema,
    getSchema: (client) => client.getPrimaryKeysSchema(),
  },
  {
    proof: "GetExportedKeys",
    result: (client) => client.getExportedKeys(table),
    schema: schemas.foreignKeysSchema,
    getSchema: (client) => client.getExportedKeysSchema(),
  },
  {
    proof: "GetImportedKeys",
    result: (client) => client.getImportedKeys(table),
    schema: schemas.foreignKeysSchema,
    getSchema: (client) => client.getImportedKeysSchema(),
  },
  {
    proof: "GetCrossReference",
    result: (client) =>
      client.getCrossReference(
        { catalog: "pk_catalog", dbSchema: "pk_db_schema", table: "pk_table" },
        { catalog: "fk_catalog", dbSchema: "fk_db_schema", table: "fk_table" },
      ),
    schema: schemas.foreignKeysSchema,
    getSchema: (client) => client.getCrossReferenceSchema(),
  },
  {
    proof: "GetXdbcTypeInfo",
    result: (client) => client.getXdbcTypeInfo(),
    schema: schemas.xdbcTypeInfoSchema,
    getSchema: (client) => client.getXdbcTypeInfoSchema(),
  },
];

export const flightSql: Scenario = {
  name: "flight_sql",
  async run({ connect, proves }) {
    const client = connect();
    for (const { proof, result, schema, getSchema } of metadataSteps) {
      await sameStream(client, result(client), schema, proof);
      sameSchema(await getSchema(client), schema, `${proof}: GetSchema`);
      proves(proof);
    }
    sameSchema(await client.getTablesSchema(), schemas.tablesSchema, "GetTables without schemas: GetSchema");

    const ids = [0, 3]; // FLIGHT_SQL_SERVER_NAME and FLIGHT_SQL_SERVER_READ_ONLY
    await sqlInfoStream(client, ids);
    equal(await client.getSqlInfo(ids), new Map(), "getSqlInfo of a server that answers nothing");
    sameSchema(await client.getSqlInfoSchema(), schemas.sqlInfoSchema, "GetSqlInfo: GetSchema");
    proves("GetSqlInfo", "GetSchema");

    const query = "SELECT STATEMENT";
    await sameStream(client, client.query(query), schemas.querySchema, query);
    sameSchema(await client.getSchema(query), schemas.querySchema, `${query}: GetSchema`);
    proves("StatementQuery");
    equal(await client.executeUpdate("UPDATE STATEMENT"), 10_000n, "rows of UPDATE STATEMENT");
    proves("StatementUpdate", "DoPut");

    const select = await client.prepare("SELECT PREPARED STATEMENT");
    proves("CreatePreparedStatement");
    await preparedQuery(client, select, schemas.querySchema);
    proves("PreparedStatementQuery", "ClosePreparedStatement");
    await preparedUpdate(await client.prepare("UPDATE PREPARED STATEMENT"), 20_000n);
    proves("PreparedStatementUpdate");
  },
};

/** GetSqlInfo, whose stream `getSqlInfo` does not show. Returns the answer. */
export async function sqlInfoStream(client: FlightSqlClient, ids: number[]): Promise<unknown[]> {
  const info = await client.flight.getFlightInfo({ cmd: packAny(CommandGetSqlInfoSchema, { info: ids }) });
  equal(info.endpoints.length, 1, "GetSqlInfo: endpoints");
  const reader = client.doGet(info.endpoints[0]!);
  sameSchema(await reader.schema(), schemas.sqlInfoSchema, "GetSqlInfo: DoGet");
  return await reader.readRows();
}

/** Binds a row, runs the statement, asks for its schema and closes it. */
export async function preparedQuery(
  client: FlightSqlClient,
  statement: PreparedStatement,
  schema: Schema,
): Promise<void> {
  equal([statement.datasetSchema, statement.parameterSchema], [null, null], "schemas of a prepared query");
  await sameStream(client, statement.query(schemas.queryParameters()), schema, "a prepared query");
  sameSchema(await statement.getSchema(), schema, "a prepared query: GetSchema");
  await close(statement);
}

export async function preparedUpdate(statement: PreparedStatement, rows: bigint): Promise<void> {
  equal(await statement.executeUpdate(), rows, "rows of a prepared update");
  await close(statement);
}

async function close(statement: PreparedStatement): Promise<void> {
  await statement.close();
  // Ours: nothing is sent for a statement that is closed.
  const reused = await statement.executeUpdate().then(
    () => true,
    () => false,
  );
  check(!reused, "a closed statement could be used");
}
