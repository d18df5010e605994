import { Code, ConnectError } from "@connectrpc/connect";
import { FlightSqlError } from "flightsql";
import { describe, expect, test } from "vitest";
import * as dbapi from "../../src/dbapi/index.ts";
import { connectedTo, failureOf } from "./connected.ts";
import { database } from "./database.ts";

// PEP 249: what each class is a kind of.
const tree = [
  [dbapi.InterfaceError, dbapi.Error],
  [dbapi.DatabaseError, dbapi.Error],
  [dbapi.DataError, dbapi.DatabaseError],
  [dbapi.OperationalError, dbapi.DatabaseError],
  [dbapi.IntegrityError, dbapi.DatabaseError],
  [dbapi.InternalError, dbapi.DatabaseError],
  [dbapi.ProgrammingError, dbapi.DatabaseError],
  [dbapi.NotSupportedError, dbapi.DatabaseError],
  [dbapi.Error, Error],
  [dbapi.Warning, Error],
] as const;

test("the classes of PEP 249 descend from each other as it says", () => {
  for (const [child, parent] of tree) expect(Object.getPrototypeOf(child)).toBe(parent);
  expect(dbapi.Warning.prototype).not.toBeInstanceOf(dbapi.Error);
});

test("the module says what PEP 249 asks it to say", () => {
  expect([dbapi.apiLevel, dbapi.paramStyle, dbapi.threadSafety]).toEqual(["2.0", "qmark", 1]);
});

const expected: Readonly<Record<Exclude<keyof typeof Code, number>, string>> = {
  Canceled: "OperationalError",
  Unknown: "DatabaseError",
  InvalidArgument: "ProgrammingError",
  DeadlineExceeded: "OperationalError",
  NotFound: "ProgrammingError",
  AlreadyExists: "IntegrityError",
  PermissionDenied: "ProgrammingError",
  ResourceExhausted: "OperationalError",
  FailedPrecondition: "ProgrammingError",
  Aborted: "OperationalError",
  OutOfRange: "DataError",
  Unimplemented: "NotSupportedError",
  Internal: "InternalError",
  Unavailable: "OperationalError",
  DataLoss: "InternalError",
  Unauthenticated: "OperationalError",
};

describe("a failure of the server is a", () => {
  for (const [name, type] of Object.entries(expected)) {
    test(`${type} with the code ${name}, wherever it comes from`, async () => {
      const code = Code[name as keyof typeof expected];
      const refusal = (): ConnectError => new ConnectError("because", code, { "x-arrow-status": "7" });
      const { connection } = connectedTo(database(), { autocommit: true }, ({ method }) => {
        if (method !== "Handshake") throw refusal();
      });
      const calls = [
        () => connection.execute("SELECT 1"),
        () => connection.execute("SELECT ?", [1]),
        () => connection.executeMany("INSERT INTO t VALUES (?)", [[1]]),
        () => connection.getTableNames(),
        () => connection.getSqlInfo([0]),
      ];
      for (const call of calls) {
        const error = await failureOf(call(), dbapi.Error);
        expect([error.name, error.constructor.name]).toEqual([type, type]);
        expect(error).toBeInstanceOf(dbapi.DatabaseError);
        expect(error.grpcCode).toBe(code);
        expect(error.message).toContain("because");
        expect(error.message).toContain("scripted.example");
        expect(error.cause).toBeInstanceOf(FlightSqlError);
        expect(error.cause.code).toBe(error.code);
        expect(error.cause.metadata.get("x-arrow-status")).toBe("7");
        expect(error).not.toBeInstanceOf(FlightSqlError);
      }
    });
  }
});

test("wrong parameters are a ProgrammingError that does not show them", async () => {
  const { connection, server } = connectedTo(database(), { autocommit: true });
  const surprising = { when: new URL("http://secret.example") } as never;
  const error = await failureOf(connection.execute("SELECT ?", surprising), dbapi.ProgrammingError);
  expect(error.code).toBe("invalid_argument");
  expect(error.message).not.toContain("secret");
  expect(server.count("DoPut")).toBe(0);
});
