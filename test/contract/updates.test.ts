import { create, toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type RecordBatch, Table } from "apache-arrow";
import { describe, expect, test } from "vitest";
import {
  ActionBeginTransactionResultSchema,
  type ActionEndTransactionRequest,
  type CommandStatementIngest,
  DoPutUpdateResultSchema,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend, PutAnswer } from "../../src/server/backend.ts";
import { numbers } from "../support/router.ts";
import { expectFailure } from "./expect.ts";
import { connect, scripted, text, utf8, ways } from "./scripted.ts";

const changed = (rows: number | bigint): PutAnswer => create(DoPutUpdateResultSchema, { recordCount: BigInt(rows) });

/** Answers every upload, once it has been read, with the same. */
const answering = (...answers: (PutAnswer | ConnectError)[]): Backend => ({
  async *doPut(_, upload) {
    for await (const _ of upload);
    for (const answer of answers) {
      if (answer instanceof ConnectError) throw answer;
      yield answer;
    }
  },
});

const full = (): ConnectError => new ConnectError("the disk is full", Code.ResourceExhausted);

describe.each(Object.entries(ways))("over %s", (_, way) => {
  describe("the count of an update", () => {
    for (const [what, answer, count] of [
      ["0", changed(0), 0n],
      ["10000", changed(10_000), 10_000n],
      ["beyond 2^53", changed(2n ** 62n), 2n ** 62n],
      ["unknown", changed(-1), -1n],
      [
        "in an Any, as arrow-rs sent it until the end of 2024",
        toBinary(AnySchema, anyPack(DoPutUpdateResultSchema, create(DoPutUpdateResultSchema, { recordCount: 5n }))),
        5n,
      ],
    ] as const) {
      test(what, async () => {
        const client = connect(way(scripted(answering(answer))));
        expect(await client.executeUpdate("u")).toBe(count);
        expect(await client.ingest("t", numbers(1))).toBe(count);
      });
    }

    test("that does not come is an error, not zero", async () => {
      const client = connect(way(scripted(answering())));
      expect((await expectFailure(client.executeUpdate("u"), "internal")).message).toContain("did not say");
    });

    test("followed by an error: both reach the caller", async () => {
      const client = connect(way(scripted(answering(changed(7), full()))));
      for (const call of [client.executeUpdate("u"), client.ingest("t", numbers(1))]) {
        const error = await expectFailure(call, "resource_exhausted");
        expect(error.recordCount).toBe(7n);
        expect(error.message).toContain("the disk is full");
        expect(error.message).toContain("7 rows");
      }
    });

    test("an error alone has none", async () => {
      const client = connect(way(scripted(answering(full()))));
      expect((await expectFailure(client.executeUpdate("u"), "resource_exhausted")).recordCount).toBeUndefined();
    });
  });

  test("an update that the network loses is not sent again", async () => {
    const server = scripted(answering(new ConnectError("gone", Code.Unavailable)));
    await expectFailure(connect(way(server)).executeUpdate("u"), "unavailable");
    expect(server.count("DoPut")).toBe(1);
  });

  describe("ingest with chunkBytes", () => {
    interface Seen {
      readonly log: string[];
      readonly backend: Backend;
    }

    /** Notes each upload as "mode rows transaction", and how the transaction ends. */
    function store(
      options: { transactions?: boolean; fail?: (upload: number) => (PutAnswer | ConnectError)[] } = {},
    ): Seen {
      const log: string[] = [];
      let uploads = 0;
      const backend: Backend = {
        async *doPut(command, upload) {
          const { message } = command as { message: CommandStatementIngest };
          let rows = 0;
          for await (const { batch } of upload) rows += batch?.numRows ?? 0;
          const { ifNotExist, ifExists } = message.tableDefinitionOptions!;
          log.push(`${ifNotExist}${ifExists} ${rows} ${text(message.transactionId ?? utf8("none"))}`);
          for (const answer of options.fail?.(++uploads) ?? [changed(rows)]) {
            if (answer instanceof ConnectError) throw answer;
            yield answer;
          }
        },
        async *doAction(action) {
          if (action.kind !== "standard" || options.transactions === false)
            throw new ConnectError("no transactions here", Code.Unimplemented);
          if (action.type === "BeginTransaction") {
            yield create(ActionBeginTransactionResultSchema, { transactionId: utf8("tx") });
            return;
          }
          const { action: how } = action.request as ActionEndTransactionRequest;
          log.push(how === EndTransaction.COMMIT ? "commit" : "rollback");
        },
      };
      return { log, backend };
    }

    // Four batches of 1000 numbers, 4 kB each.
    const batches = [0, 1, 2, 3].map((i) => numbers(...Array.from({ length: 1000 }, (_, k) => 1000 * i + k)));
    // The numbers of IfNotExist and IfExists.
    const [made, appended] = ["11", "22"] as const;

    test("is one transaction: the first part keeps the mode, the others append", async () => {
      const { log, backend } = store();
      expect(await connect(way(scripted(backend))).ingest("t", batches, { chunkBytes: 9000 })).toBe(4000n);
      expect(log).toEqual([`${made} 2000 tx`, `${appended} 2000 tx`, "commit"]);
    });

    test("cuts a batch that is larger", async () => {
      const { log, backend } = store();
      const all = new Table(batches).batches;
      expect(await connect(way(scripted(backend))).ingest("t", all, { chunkBytes: 1000, mode: "append" })).toBe(4000n);
      expect(log.length).toBeGreaterThan(15);
      expect(new Set(log.slice(0, -1).map((line) => line.split(" ")[0]))).toEqual(new Set([appended]));
    });

    test("into a transaction of the caller's leaves its end to the caller", async () => {
      const { log, backend } = store();
      const client = connect(way(scripted(backend)));
      const tx = await client.beginTransaction();
      await tx.ingest("t", batches, { chunkBytes: 9000 });
      expect(log.map((line) => line.split(" ").at(-1))).toEqual(["tx", "tx"]);
      await tx.rollback();
      expect(log.at(-1)).toBe("rollback");
    });

    test("is refused without transactions, before anything is sent; atomic: false allows it", async () => {
      const { log, backend } = store({ transactions: false });
      const client = connect(way(scripted(backend)));
      const error = await expectFailure(client.ingest("t", batches, { chunkBytes: 9000 }), "failed_precondition");
      expect(error.message).toContain("atomic: false");
      expect(log).toEqual([]);
      expect(await client.ingest("t", batches, { chunkBytes: 9000, atomic: false })).toBe(4000n);
      expect(log.map((line) => line.split(" ").at(-1))).toEqual(["none", "none"]);
    });

    test("that fails is rolled back", async () => {
      const { log, backend } = store({ fail: (upload) => (upload === 1 ? [changed(2000)] : [full()]) });
      const client = connect(way(scripted(backend)));
      const error = await expectFailure(client.ingest("t", batches, { chunkBytes: 9000 }), "resource_exhausted");
      expect(error.recordCount).toBe(0n);
      expect(log.at(-1)).toBe("rollback");
      expect(log.filter((line) => /^\d/.test(line))).toHaveLength(2);
    });

    test("that fails without a transaction says how many rows are committed, those of the failed part too", async () => {
      for (const [last, committed] of [
        [[full()], 2000n],
        [[changed(300), full()], 2300n],
        [[changed(-1), full()], -1n],
      ] as const) {
        const { backend } = store({ transactions: false, fail: (n) => (n === 1 ? [changed(2000)] : [...last]) });
        const client = connect(way(scripted(backend)));
        const call = client.ingest("t", batches, { chunkBytes: 9000, atomic: false });
        const error = await expectFailure(call, "resource_exhausted");
        expect(error.recordCount).toBe(committed);
        expect(error.message).toContain(committed < 0n ? "an unknown number of rows" : `${committed} rows`);
        expect(error.message).toContain("committed");
      }
    });

    test("whose input fails says it as well, with the input's error as the cause", async () => {
      const reason = new Error("no more");
      async function* broken(): AsyncGenerator<RecordBatch, void, undefined> {
        yield* batches.slice(0, 3);
        throw reason;
      }
      const { backend } = store({ transactions: false });
      const client = connect(way(scripted(backend)));
      const call = client.ingest("t", broken(), { chunkBytes: 9000, atomic: false });
      const error = await expectFailure(call);
      expect(error.recordCount).toBe(2000n);
      expect(error.cause).toBe(reason);
    });
  });

  describe("a transaction", () => {
    const ending = (code: Code | undefined): Backend => ({
      ...answering(changed(1)),
      async *doAction(action) {
        if (action.type === "BeginTransaction") {
          yield create(ActionBeginTransactionResultSchema, { transactionId: utf8("tx") });
        } else if (code !== undefined) throw new ConnectError("the connection broke", code);
      },
    });

    for (const code of [Code.Unavailable, Code.DeadlineExceeded, Code.Internal]) {
      test(`whose commit ends with ${Code[code]}: nobody knows, and nobody asks again`, async () => {
        const server = scripted(ending(code));
        const client = connect(way(server));
        const error = await expectFailure(client.transaction((tx) => tx.executeUpdate("u")));
        expect(error.message).toContain("not known whether the transaction was committed");
        expect(server.count("DoAction")).toBe(2);
      });
    }

    test("whose commit is refused says so", async () => {
      const client = connect(way(scripted(ending(Code.Aborted))));
      const error = await expectFailure(
        client.transaction((tx) => tx.executeUpdate("u")),
        "aborted",
      );
      expect(error.message).not.toContain("not known");
    });

    test("without an id is an error", async () => {
      const backend: Backend = {
        async *doAction() {
          yield create(ActionBeginTransactionResultSchema, {});
        },
      };
      await expectFailure(connect(way(scripted(backend))).beginTransaction(), "internal");
    });

    test("that has ended cannot end again", async () => {
      const tx = await connect(way(scripted(ending(undefined)))).beginTransaction();
      await tx.commit();
      await expectFailure(tx.commit(), "failed_precondition");
      await expectFailure(tx.rollback(), "failed_precondition");
    });
  });
});
