import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ControlledTransaction, Kysely } from "kysely";
import { expect, test } from "vitest";
import {
  ActionBeginSavepointResultSchema,
  ActionBeginTransactionResultSchema,
  ActionEndSavepointRequest_EndSavepoint as EndSavepoint,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from "../../src/gen/FlightSql_pb.ts";
import { FlightSqlDialect } from "../../src/kysely/index.ts";
import type { Backend } from "../../src/server/backend.ts";
import { expectFailure } from "../contract/expect.ts";
import { connect, scripted, text, utf8 } from "../contract/scripted.ts";

// DuckDB has no savepoints, so a server that only writes down what it is asked stands in.

function recording(commit: () => void = () => {}): { db: Kysely<object>; said: string[] } {
  const said: string[] = [];
  const begun: Record<string, number> = {};
  const backend: Backend = {
    async *doAction(action) {
      if (action.kind === "other") throw new ConnectError(action.type, Code.Unimplemented);
      const { request } = action;
      switch (request.$typeName) {
        case "arrow.flight.protocol.sql.ActionBeginTransactionRequest":
          said.push("begin");
          yield create(ActionBeginTransactionResultSchema, { transactionId: utf8("t") });
          return;
        case "arrow.flight.protocol.sql.ActionBeginSavepointRequest": {
          const number = (begun[request.name] ?? 0) + 1;
          begun[request.name] = number;
          said.push(`savepoint ${request.name}${number} in ${text(request.transactionId)}`);
          yield create(ActionBeginSavepointResultSchema, { savepointId: utf8(`${request.name}${number}`) });
          return;
        }
        case "arrow.flight.protocol.sql.ActionEndSavepointRequest":
          said.push(`${request.action === EndSavepoint.RELEASE ? "release" : "rollback"} ${text(request.savepointId)}`);
          return;
        case "arrow.flight.protocol.sql.ActionEndTransactionRequest":
          said.push(request.action === EndTransaction.COMMIT ? "commit" : "rollback");
          if (request.action === EndTransaction.COMMIT) commit();
          return;
        default:
          throw new ConnectError(action.type, Code.Unimplemented);
      }
    },
  };
  const client = connect({ url: "http://scripted.example", transport: scripted(backend).transport });
  return { db: new Kysely<object>({ dialect: new FlightSqlDialect({ client }) }), said };
}

test("savepoints are the protocol's; one can be returned to again", async () => {
  const { db, said } = recording();
  const trx = await db.startTransaction().execute();
  const a = await trx.savepoint("a").execute();
  const b = await a.savepoint("b").execute();
  await b.rollbackToSavepoint("a").execute();
  await b.rollbackToSavepoint("a").execute();
  await a.releaseSavepoint("a").execute();
  await trx.commit().execute();
  expect(said).toEqual([
    "begin",
    "savepoint a1 in t",
    "savepoint b1 in t",
    "rollback a1",
    "savepoint a2 in t",
    "rollback a2",
    "savepoint a3 in t",
    "release a3",
    "commit",
  ]);
});

test("of two with one name, the last is meant; those after it go with it", async () => {
  const { db, said } = recording();
  const trx = await db.startTransaction().execute();
  const twice = await (await trx.savepoint("a").execute()).savepoint("a").execute();
  await twice.releaseSavepoint("a").execute();
  const later = await twice.savepoint("b").execute();
  await later.releaseSavepoint("a").execute();
  const gone = (later as ControlledTransaction<object, ["b"]>).rollbackToSavepoint("b").execute();
  expect((await expectFailure(gone, "failed_precondition")).message).toMatch(/no savepoint "b"/);
  await trx.rollback().execute();
  expect(said.filter((line) => line.startsWith("release"))).toEqual(["release a2", "release a1"]);
});

test("a commit whose outcome nobody knows is reported, and not followed by a rollback", async () => {
  const { db, said } = recording(() => {
    throw new ConnectError("the line went dead", Code.Unavailable);
  });
  const failed = await expectFailure(
    db.transaction().execute(async () => {}),
    "unavailable",
  );
  expect(failed.message).toMatch(/not known whether/);
  expect(said).toEqual(["begin", "commit"]);
});
