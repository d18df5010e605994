import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { Schema } from "apache-arrow";
import { readAnswerSchema } from "../flight/answer.ts";
import * as calls from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import { type FlightInfo, fromInfo } from "../flight/model.ts";
import type { CallOptions } from "../flight/scope.ts";
import {
  ActionCreatePreparedStatementRequestSchema,
  ActionCreatePreparedSubstraitPlanRequestSchema,
  CommandStatementQuerySchema,
  CommandStatementSubstraitPlanSchema,
  CommandStatementUpdateSchema,
} from "../gen/FlightSql_pb.ts";
import { isMetadata, toDescriptor } from "./command.ts";
import type { IngestInput, IngestOptions } from "./ingest.ts";
import { plan } from "./plan.ts";
import { createStatement, type Parameters, type PreparedStatement } from "./prepared.ts";
import type { QueryOptions } from "./progress.ts";
import { type QueryPlan, QueryResult } from "./result.ts";
import { runUpdate } from "./update.ts";

/** A query plan of Substrait, as bytes, and the version of Substrait that it is written in. `SubstraitPlan`. */
export interface SubstraitPlan {
  readonly plan: Uint8Array;
  readonly version: string;
}

/** What can be run on a client and, in the same words, inside a transaction. */
export abstract class Statements {
  protected readonly connection: Connection;
  /** Absent outside of a transaction. */
  protected readonly transactionId: Uint8Array | undefined;

  protected constructor(connection: Connection, transactionId: Uint8Array | undefined) {
    this.connection = connection;
    this.transactionId = transactionId;
  }

  /**
   * The first of the protocol's two steps: GetFlightInfo of a query. Fetch the endpoints with `doGet`.
   *
   * Some servers run nothing until then: a statement that is executed but not fetched may have no effect.
   */
  execute(sql: string, options: CallOptions = {}): Promise<FlightInfo> {
    const descriptor = toDescriptor(CommandStatementQuerySchema, { query: sql, ...this.#transaction() });
    return this.connection.run(options, async (scope) =>
      fromInfo(await calls.getFlightInfo(this.connection, scope, descriptor, true)),
    );
  }

  /** GetSchema of a query: its columns, without running it; null when the server does not say. */
  getSchema(sql: string, options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandStatementQuerySchema, { query: sql, ...this.#transaction() }, options);
  }

  /**
   * Runs a query and reads all of its endpoints. Nothing is sent before the result is asked for something.
   *
   * With parameters, the statement is prepared, bound and closed for this one use; `prepare` it for more.
   */
  query(sql: string, params?: Parameters, options: QueryOptions = {}): QueryResult {
    if (params === undefined)
      return this.command(CommandStatementQuerySchema, { query: sql, ...this.#transaction() }, options);
    return this.#prepareOnce(sql, params, options);
  }

  /**
   * Runs a statement that changes data or definitions. `CommandStatementUpdate` by DoPut; with parameters, prepared
   * and bound.
   *
   * @returns how many rows it changed; -1n when the server does not know
   */
  executeUpdate(sql: string, params?: Parameters, options: CallOptions = {}): Promise<bigint> {
    if (params !== undefined) return this.#updateOnce(sql, params, options);
    return this.#update(CommandStatementUpdateSchema, { query: sql, ...this.#transaction() }, options);
  }

  /** Prepares a statement at the server: to be run any number of times, then closed. `CreatePreparedStatement`. */
  prepare(sql: string, options: CallOptions = {}): Promise<PreparedStatement> {
    const request = { query: sql, ...this.#transaction() };
    return this.connection.run(options, (scope) =>
      createStatement(
        this.connection,
        scope,
        "CreatePreparedStatement",
        ActionCreatePreparedStatementRequestSchema,
        request,
      ),
    );
  }

  /**
   * Loads rows into a table in bulk. `CommandStatementIngest`.
   *
   * @param input a table, batches (also as they come), or rows as objects
   * @returns how many rows were loaded; -1n when the server does not know
   */
  async ingest(table: string, input: IngestInput, options: IngestOptions = {}): Promise<bigint> {
    const { ingest } = await import("./ingest.ts"); // not what a page loads only to read
    return await ingest(this.connection, this.transactionId, table, input, options);
  }

  /** `query` with a Substrait plan. `CommandStatementSubstraitPlan`. */
  querySubstrait(plan: SubstraitPlan, options: QueryOptions = {}): QueryResult {
    return this.command(CommandStatementSubstraitPlanSchema, { plan, ...this.#transaction() }, options);
  }

  /** `getSchema` of a Substrait plan. */
  getSubstraitSchema(plan: SubstraitPlan, options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandStatementSubstraitPlanSchema, { plan, ...this.#transaction() }, options);
  }

  /** `executeUpdate` with a Substrait plan. */
  executeSubstraitUpdate(plan: SubstraitPlan, options: CallOptions = {}): Promise<bigint> {
    return this.#update(CommandStatementSubstraitPlanSchema, { plan, ...this.#transaction() }, options);
  }

  /** `prepare` with a Substrait plan. `CreatePreparedSubstraitPlan`. */
  prepareSubstrait(plan: SubstraitPlan, options: CallOptions = {}): Promise<PreparedStatement> {
    const request = { plan, ...this.#transaction() };
    return this.connection.run(options, (scope) =>
      createStatement(
        this.connection,
        scope,
        "CreatePreparedSubstraitPlan",
        ActionCreatePreparedSubstraitPlanRequestSchema,
        request,
      ),
    );
  }

  protected command<T extends DescMessage>(
    command: T,
    fields: MessageInitShape<T>,
    options: QueryOptions,
  ): QueryResult {
    return new QueryResult(this.connection, options, this.planOf(command, fields, options));
  }

  protected planOf<T extends DescMessage>(command: T, fields: MessageInitShape<T>, options: QueryOptions): QueryPlan {
    const descriptor = toDescriptor(command, fields);
    const how = { poll: options.poll, isQuery: !isMetadata(command) };
    return { open: (scope) => plan(this.connection, scope, descriptor, how) };
  }

  protected schemaOf<T extends DescMessage>(
    command: T,
    fields: MessageInitShape<T>,
    options: CallOptions,
  ): Promise<Schema | null> {
    const descriptor = toDescriptor(command, fields);
    return this.connection.run(options, async (scope) =>
      readAnswerSchema(await calls.getSchema(this.connection, scope, descriptor)),
    );
  }

  #update<T extends DescMessage>(command: T, fields: MessageInitShape<T>, options: CallOptions): Promise<bigint> {
    const descriptor = toDescriptor(command, fields);
    return this.connection.run(options, (scope) => runUpdate(this.connection, scope, descriptor));
  }

  #prepareOnce(sql: string, params: Parameters, options: QueryOptions): QueryResult {
    let statement: PreparedStatement | undefined;
    return new QueryResult(this.connection, options, {
      open: async (scope) => {
        const request = { query: sql, ...this.#transaction() };
        statement = await createStatement(
          this.connection,
          scope,
          "CreatePreparedStatement",
          ActionCreatePreparedStatementRequestSchema,
          request,
        );
        return await statement.plan(scope, params, options.poll);
      },
      dispose: async () => statement?.discard(),
    });
  }

  async #updateOnce(sql: string, params: Parameters, options: CallOptions): Promise<bigint> {
    return await this.connection.run(options, async (scope) => {
      const request = { query: sql, ...this.#transaction() };
      const statement = await createStatement(
        this.connection,
        scope,
        "CreatePreparedStatement",
        ActionCreatePreparedStatementRequestSchema,
        request,
      );
      try {
        return await statement.update(scope, params);
      } finally {
        const discarded = statement.discard();
        if (!scope.wasStopped) await discarded;
      }
    });
  }

  #transaction(): { transactionId?: Uint8Array } {
    return this.transactionId === undefined ? {} : { transactionId: this.transactionId };
  }
}
