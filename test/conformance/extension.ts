import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { SubstraitPlan } from "flightsql";
import type { Action } from "../../src/gen/Flight_pb.ts";
import { equal, utf8 } from "./assert.ts";
import { sameSchema } from "./compare.ts";
import type { Scenario, Subject } from "./scenario.ts";
import { querySchema, transactionSchema } from "./schemas.ts";
import { preparedQuery, preparedUpdate, sameStream, sqlInfoStream } from "./sql.ts";

const plan: SubstraitPlan = { plan: utf8("plan"), version: "version" };

export const flightSqlExtension: Scenario = {
  name: "flight_sql:extension",
  async run(subject) {
    await sqlInfo(subject);
    await substrait(subject);
    await inTransaction(subject);
  },
};

async function sqlInfo({ connect }: Subject): Promise<void> {
  const client = connect();
  const expected = new Map<number, unknown>([
    [4, false], // FLIGHT_SQL_SERVER_SQL
    [5, true], // FLIGHT_SQL_SERVER_SUBSTRAIT
    [6, "min_version"],
    [7, "max_version"],
    [8, 2], // FLIGHT_SQL_SERVER_TRANSACTION: savepoints
    [9, true], // FLIGHT_SQL_SERVER_CANCEL
    [100, 42], // FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT
    [101, 7], // FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT
  ]);
  const ids = [...expected.keys()];
  const rows = await sqlInfoStream(client, ids);
  equal(rows.length, ids.length, "rows of GetSqlInfo");
  equal(await client.getSqlInfo(ids), expected, "getSqlInfo");
}

async function substrait({ connect, proves }: Subject): Promise<void> {
  const client = connect();
  await sameStream(client, client.querySubstrait(plan), querySchema, "a Substrait query");
  sameSchema(await client.getSubstraitSchema(plan), querySchema, "a Substrait query: GetSchema");

  // Ours: the newer action first, which this server has too.
  equal(await client.cancel(await client.querySubstrait(plan).info()), "cancelled", "CancelFlightInfo");
  const older = connect({ interceptors: [withoutCancelFlightInfo] });
  equal(await older.cancel(await older.querySubstrait(plan).info()), "cancelled", "CancelQuery");
  proves("CancelQuery");

  equal(await client.executeSubstraitUpdate(plan), 10_000n, "rows of a Substrait update");
  proves("StatementSubstraitPlan");
  await preparedQuery(client, await client.prepareSubstrait(plan), querySchema);
  await preparedUpdate(await client.prepareSubstrait(plan), 20_000n);
  proves("CreatePreparedSubstraitPlan");
}

async function inTransaction({ connect, proves }: Subject): Promise<void> {
  const client = connect();
  const tx = await client.beginTransaction();
  proves("BeginTransaction");
  const savepoint = await tx.savepoint("savepoint_name");
  proves("BeginSavepoint");

  const query = "SELECT STATEMENT";
  await sameStream(client, tx.query(query), transactionSchema, `${query} in a transaction`);
  await sameStream(client, tx.querySubstrait(plan), transactionSchema, "a Substrait query in a transaction");
  sameSchema(await tx.getSchema(query), transactionSchema, `${query} in a transaction: GetSchema`);
  sameSchema(await tx.getSubstraitSchema(plan), transactionSchema, "a Substrait query in a transaction: GetSchema");
  equal(await tx.executeUpdate("UPDATE STATEMENT"), 15_000n, "rows of UPDATE STATEMENT in a transaction");
  equal(await tx.executeSubstraitUpdate(plan), 15_000n, "rows of a Substrait update in a transaction");
  await preparedQuery(client, await tx.prepare("SELECT PREPARED STATEMENT"), transactionSchema);
  await preparedQuery(client, await tx.prepareSubstrait(plan), transactionSchema);
  await preparedUpdate(await tx.prepare("UPDATE PREPARED STATEMENT"), 25_000n);
  await preparedUpdate(await tx.prepareSubstrait(plan), 25_000n);

  await savepoint.rollback();
  await (await tx.savepoint("savepoint_name")).release();
  proves("EndSavepoint");
  await tx.commit();
  await (await client.beginTransaction()).rollback();
  proves("EndTransaction");
}

/** A server as of before CancelFlightInfo: what the client then does is CancelQuery. */
const withoutCancelFlightInfo: Interceptor = (next) => async (request) => {
  if (!request.stream || request.method.name !== "DoAction") return await next(request);
  const actions: Action[] = [];
  for await (const action of request.message as AsyncIterable<Action>) actions.push(action);
  if (actions[0]?.type === "CancelFlightInfo") throw new ConnectError("unknown action", Code.Unimplemented);
  async function* again(): AsyncGenerator<Action, void, undefined> {
    yield* actions;
  }
  return await next({ ...request, message: again() });
};
