// Ours, against a server that can be slow, endless or broken: the features of the status page that no scenario covers.

import { Field, Int32, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import { check, collect, equal, fails, text } from "./assert.ts";
import { sameBatch, sameSchema } from "./compare.ts";
import type { Scenario } from "./scenario.ts";

export const listFlights: Scenario = {
  name: "ListFlights",
  async run({ connect, proves }) {
    const client = connect();
    const schema = new Schema([new Field("n", new Int32(), true)]);
    const column = makeData({ type: new Int32(), length: 2, data: Int32Array.of(4, 2) });
    const batch = new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: 2, children: [column] }));
    await collect(client.flight.doPut({ path: ["conformance"] }, [batch]));

    const infos = await collect(client.flight.listFlights());
    equal(infos.length, 1, "flights");
    const [info] = infos;
    sameSchema(info!.schema, schema, "the flight");
    equal(info!.totalRecords, 2n, "rows of the flight");
    const chunk = await client.doGet(info!.endpoints[0]!).readChunk();
    check(chunk?.batch != null, "the flight has no batch");
    sameBatch(chunk.batch, batch, "the flight");
    proves("ListFlights");
  },
};

export const timeouts: Scenario = {
  name: "call timeouts",
  async run({ connect, proves }) {
    const client = connect();
    const slow = "numeric 1x10 delay=20000";
    await fails(client.query(slow, undefined, { timeoutMs: 300 }).table(), "deadline_exceeded", "a call with a limit");
    const { endpoints } = await client.execute(slow);
    const reader = client.doGet(endpoints[0]!, { timeoutMs: 300 });
    await fails(reader.readAll(), "deadline_exceeded", "a DoGet with a limit");
    equal((await client.query("numeric 1x10").table()).numRows, 10, "rows of a call after that");
    proves("Call timeouts");
  },
};

export const cancellation: Scenario = {
  name: "call cancellation",
  async run({ connect, proves }) {
    const client = connect();
    const endless = async (name: string, signal?: AbortSignal): Promise<void> => {
      for await (const batch of client.query(`endless name=${name}`, undefined, { signal })) {
        equal(batch.numRows, 100, "rows of a batch");
        if (signal === undefined) return;
      }
    };
    await endless("left");
    const stop = new AbortController();
    const aborted = endless("aborted", stop.signal);
    setTimeout(() => stop.abort(), 200);
    await fails(aborted, "canceled", "a call that is aborted");

    const stopped = async (): Promise<boolean> => {
      const [answer] = await collect(client.flight.doAction("streams"));
      const streams: Record<string, { open: boolean }> = JSON.parse(text(answer!));
      equal(Object.keys(streams).sort(), ["aborted", "left"], "streams of the server");
      return Object.values(streams).every(({ open }) => !open);
    };
    for (let tries = 0; !(await stopped()); tries++) {
      check(tries < 100, "the server still sends after 10 s");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    proves("Call cancellation");
  },
};

export const concurrency: Scenario = {
  name: "concurrent calls",
  async run({ connect, proves }) {
    const client = connect();
    const rows = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => n * 1000);
    // The first is still under way when the last begins.
    const results = rows.map((n) => client.query(`numeric 3x${n} delay=50`).table());
    const tables = await Promise.all(results);
    equal(
      tables.map((table) => table.numRows),
      rows.map((n) => 3 * n),
      "rows of each",
    );
    proves("Concurrent client calls");
  },
};

const codes = {
  internal: "internal",
  unavailable: "unavailable",
  cancelled: "canceled",
  timeout: "deadline_exceeded",
  unauthenticated: "unauthenticated",
  unauthorized: "permission_denied",
  invalid: "invalid_argument",
  missing: "not_found",
  unimplemented: "unimplemented",
} as const;

export const errorCodes: Scenario = {
  name: "error codes",
  async run({ connect, proves }) {
    const client = connect();
    for (const [name, code] of Object.entries(codes)) {
      // Before anything, instead of the first message, and after one.
      for (const where of ["info", "0", "1"]) {
        const query = client.query(`numeric 2x10 fail=${where} code=${name} text=no_luck_${name}`);
        const error = await fails(query.table(), code, `fail=${where} code=${name}`);
        check(error.message.includes(`no luck ${name}`), `the server's text is not in "${error.message}"`);
      }
    }
    proves("RPC error codes");
  },
};
