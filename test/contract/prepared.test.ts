import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Field, Int32, Schema } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { writeSchema } from "../../src/arrow/encode.ts";
import {
  ActionCreatePreparedStatementResultSchema,
  DoPutPreparedStatementResultSchema,
  DoPutUpdateResultSchema,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { numbers } from "../support/router.ts";
import { expectFailure } from "./expect.ts";
import { connect, infoOf, resultOf, scripted, text, utf8, ways } from "./scripted.ts";

const schema = new Schema([new Field("n", new Int32(), true)]);

/** A server without sessions: all that it knows of a statement stands in the handle, which each bind replaces. */
function stateless(
  answer: (handle: string, rows: number) => Uint8Array | undefined | null = (_, rows) => utf8(`bound ${rows}`),
) {
  const used: string[] = [];
  const note = (what: string, request: unknown): void => {
    used.push(`${what} ${text((request as { preparedStatementHandle: Uint8Array }).preparedStatementHandle)}`);
  };
  const backend: Backend = {
    async *doAction(action) {
      if (action.kind !== "standard") throw new Error(action.type);
      if (action.type === "CreatePreparedStatement") {
        used.push("create");
        yield create(ActionCreatePreparedStatementResultSchema, {
          preparedStatementHandle: utf8("fresh"),
          parameterSchema: writeSchema(schema),
        });
      } else note("close", action.request);
    },
    async *doPut(command, upload) {
      const { message } = command as { message: { $typeName: string; preparedStatementHandle: Uint8Array } };
      let rows = 0;
      for await (const { batch } of upload) rows += batch?.numRows ?? 0;
      if (message.$typeName.endsWith("Update")) {
        note("update", message);
        yield create(DoPutUpdateResultSchema, { recordCount: BigInt(rows) });
        return;
      }
      note("bind", message);
      const handle = answer(text(message.preparedStatementHandle), rows);
      // null: nothing at all is answered; undefined: an answer without a handle.
      if (handle !== null)
        yield create(
          DoPutPreparedStatementResultSchema,
          handle === undefined ? {} : { preparedStatementHandle: handle },
        );
    },
    async getFlightInfo(command) {
      note("execute", (command as { message: unknown }).message);
      return infoOf([]);
    },
    async getSchema(command) {
      note("schema", (command as { message: unknown }).message);
      return schema;
    },
    doGet: async () => resultOf(numbers(1)),
  };
  return { backend, used };
}

describe.each(Object.entries(ways))("over %s", (_, way) => {
  test("the handle that a bind answers is the one to execute, describe, bind and close", async () => {
    const { backend, used } = stateless((handle) => utf8(`${handle}+`));
    const client = connect(way(scripted(backend)));
    const statement = await client.prepare("q");
    expect(await statement.query([1]).all()).toEqual([{ n: 1 }]);
    await statement.getSchema();
    await statement.query([2]).all();
    await statement.query().all();
    expect(await statement.executeUpdate([3])).toBe(1n);
    await statement.close();
    await statement.close();
    expect(used).toEqual([
      "create",
      "bind fresh",
      "execute fresh+",
      "schema fresh+",
      "bind fresh+",
      "execute fresh++",
      "execute fresh++",
      "update fresh++",
      "close fresh++",
    ]);
  });

  for (const [what, handle] of [
    ["nothing at all", null],
    ["no handle", undefined],
    ["an empty handle", new Uint8Array(0)],
  ] as const) {
    test(`a server that answers a bind with ${what}: the handle stays`, async () => {
      const { backend, used } = stateless(() => handle);
      const statement = await connect(way(scripted(backend))).prepare("q");
      await statement.query([1]).all();
      await statement.close();
      expect(used).toEqual(["create", "bind fresh", "execute fresh", "close fresh"]);
    });
  }

  test("uses of one statement at the same time do not mix their parameters", async () => {
    const { backend, used } = stateless((handle) => utf8(`${handle}+`));
    const statement = await connect(way(scripted(backend))).prepare("q");
    await Promise.all([statement.query([1]).all(), statement.query([2]).all(), statement.executeUpdate([3])]);
    expect(used.slice(1)).toEqual(["bind fresh", "execute fresh+", "bind fresh+", "execute fresh++", "update fresh++"]);
  });

  test("a query with parameters is prepared, bound, read and closed; also when it fails or is left", async () => {
    const { backend, used } = stateless();
    const client = connect(way(scripted(backend)));
    await client.query("q", [1]).all();
    expect(used.splice(0)).toEqual(["create", "bind fresh", "execute bound 1", "close bound 1"]);
    for await (const _ of client.query("q", [1])) break;
    expect(used.splice(0)).toEqual(["create", "bind fresh", "execute bound 1", "close bound 1"]);
    await client.executeUpdate("u", [1]);
    expect(used.splice(0)).toEqual(["create", "update fresh", "close fresh"]);
    const broken = connect(
      way(
        scripted({
          ...backend,
          async getFlightInfo() {
            throw new ConnectError("no such table", Code.NotFound);
          },
        }),
      ),
    );
    await expectFailure(broken.query("q", [1]).all(), "not_found");
    expect(used.splice(0)).toEqual(["create", "bind fresh", "close bound 1"]);
  });

  test("a bind that fails is not sent again, and the statement lives on", async () => {
    const { backend, used } = stateless();
    let isBroken = true;
    const server = scripted(backend, ({ method }) => {
      if (method === "DoPut" && isBroken) throw new ConnectError("try later", Code.Unavailable);
    });
    const statement = await connect(way(server)).prepare("q");
    await expectFailure(statement.query([1]).all(), "unavailable");
    expect(server.count("DoPut")).toBe(1);
    isBroken = false;
    expect(await statement.query([1]).all()).toEqual([{ n: 1 }]);
    expect(used).toEqual(["create", "bind fresh", "execute bound 1"]);
  });

  test("executeMany sends all sets in one upload; so do the rows of a batch", async () => {
    const { backend, used } = stateless();
    const server = scripted(backend);
    const statement = await connect(way(server)).prepare("q");
    expect(await statement.executeMany([[1], [2], [3]])).toBe(3n);
    expect(await statement.executeUpdate(numbers(4, 5))).toBe(2n);
    expect(server.count("DoPut")).toBe(2);
    expect(used).toEqual(["create", "update fresh", "update fresh"]);
  });

  for (const isUpdate of [true, false, undefined]) {
    test(`isUpdate ${isUpdate}`, async () => {
      const backend: Backend = {
        async *doAction() {
          yield create(ActionCreatePreparedStatementResultSchema, {
            preparedStatementHandle: utf8("h"),
            ...(isUpdate !== undefined && { isUpdate }),
          });
        },
      };
      const statement = await connect(way(scripted(backend))).prepare("q");
      expect(statement.isUpdate).toBe(isUpdate ?? null);
      expect(statement.datasetSchema).toBeNull();
      expect(statement.parameterSchema).toBeNull();
    });
  }

  test("an answer of another kind is an error that names both", async () => {
    const backend: Backend = {
      async *doAction() {
        yield create(DoPutUpdateResultSchema);
      },
    };
    const error = await expectFailure(connect(way(scripted(backend))).prepare("q"), "internal");
    expect(error.message).toContain("ActionCreatePreparedStatementResult");
  });
});
