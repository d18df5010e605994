import { expect, onTestFinished } from "vitest";
import {
  type Connection,
  type ConnectOptions,
  connect as connectTo,
  Error as DbApiError,
} from "../../src/dbapi/index.ts";
import { connect, type Rule, type Scripted, scripted, ways } from "../contract/scripted.ts";
import type { Database } from "./database.ts";

/** A connection to a scripted database, which is closed when the test is over, and what the server heard. */
export function connectedTo(
  { backend }: Database,
  options: ConnectOptions = {},
  rule?: Rule,
  way: keyof typeof ways = "gRPC-Web",
): { connection: Connection; server: Scripted } {
  const server = scripted(backend, rule);
  const connection = connectTo(connect(ways[way](server)), options);
  onTestFinished(() => connection.close());
  return { connection, server };
}

/** What a call fails with, which must be an error of the class. */
export async function failureOf<T extends DbApiError>(
  call: Promise<unknown>,
  type: new (...of: never[]) => T,
): Promise<T> {
  const thrown = await call.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(type);
  expect(thrown).toBeInstanceOf(DbApiError);
  return thrown as T;
}
