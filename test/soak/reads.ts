// Queries whose every row is known.

import { type RecordBatch, tableFromIPC } from "apache-arrow";
import type { QueryResult } from "../../src/node.ts";
import { goodRows } from "../faults/answers.ts";
import { check, type Job, type Operation, sleep, Wrong } from "./job.ts";

interface Row {
  readonly i: bigint;
  readonly v: bigint;
  readonly s: string;
}

/** Reads a result in one of many ways and gives each row's first column, all of them or, left early, those at its start. */
async function read(result: QueryResult, job: Job): Promise<{ rows: readonly Row[]; left: boolean }> {
  const { random } = job;
  const rows: Row[] = [];
  const stopAt = random.chance(0.3) ? random.log(1, 100_000) : Number.POSITIVE_INFINITY;
  const isLeft = (): boolean => rows.length >= stopAt;
  const take = (batch: RecordBatch): void => {
    for (const row of batch) rows.push(row.toJSON() as unknown as Row); // as the query says
  };
  if (random.chance(0.2)) await result.schema();
  switch (random.int(0, 5)) {
    case 0:
      return { rows: await result.all<Row>(), left: false };
    case 1:
      for (const batch of (await result.table()).batches) take(batch);
      return { rows, left: false };
    case 2:
      for (const batch of tableFromIPC(await new Response(result.ipc()).arrayBuffer()).batches) take(batch);
      return { rows, left: false };
    case 3:
      for await (const batch of result) {
        take(batch);
        if (isLeft()) return { rows, left: true };
      }
      return { rows, left: false };
    case 4:
      for await (const some of result.rowBatches<Row>()) {
        rows.push(...some);
        if (random.chance(0.1)) await sleep(random.log(1, 50));
        if (isLeft()) return { rows, left: true };
      }
      return { rows, left: false };
    default:
      for await (const row of result.rows<Row>()) {
        rows.push(row);
        if (isLeft()) return { rows, left: true };
      }
      return { rows, left: false };
  }
}

function checkRows({ rows, left }: { rows: readonly Row[]; left: boolean }, count: number, factor: bigint): void {
  if (left) check(rows.length <= count, `${rows.length} rows of ${count}, left early`);
  else check(rows.length === count, `${rows.length} rows instead of ${count}`);
  rows.forEach(({ i, v, s }, at) => {
    if (i !== BigInt(at) || v !== i * factor || s !== `s${at}`)
      throw new Wrong(`row ${at} of ${count} is ${i}, ${v}, ${s}`);
  });
}

const columns = (factor: bigint | string): string => `i, i * ${factor} AS v, 's' || i AS s`;

const query: Operation = async (job) => {
  const [count, factor] = [job.random.log(1, 100_000), BigInt(job.random.int(1, 1000))];
  const sql = `SELECT ${columns(factor)} FROM range(${count}) t(i)`;
  const poll = job.random.chance(0.15);
  checkRows(await read(job.client.query(sql, undefined, { ...job.options, poll }), job), count, factor);
};

const queryWithParameters: Operation = async (job) => {
  const [count, factor] = [job.random.log(1, 20_000), BigInt(job.random.int(1, 1000))];
  const sql = `SELECT ${columns("?::BIGINT")} FROM range(?::BIGINT) t(i)`;
  checkRows(await read(job.client.query(sql, [factor, BigInt(count)], job.options), job), count, factor);
};

const prepared: Operation = async (job) => {
  const sql = `SELECT ${columns("?::BIGINT")} FROM range(?::BIGINT) t(i)`;
  const statement = await job.client.prepare(sql, job.options);
  try {
    for (let times = job.random.int(1, 3); times > 0; times--) {
      const [count, factor] = [job.random.log(1, 5000), BigInt(job.random.int(1, 1000))];
      checkRows(await read(statement.query([factor, BigInt(count)], job.options), job), count, factor);
    }
  } finally {
    await statement.close(job.options).catch(() => {});
  }
};

const twoSteps: Operation = async (job) => {
  const count = job.random.log(1, 20_000);
  const info = await job.client.execute(`SELECT ${columns(7n)} FROM range(${count}) t(i)`, job.options);
  const rows: Row[] = [];
  for (const endpoint of info.endpoints) rows.push(...(await job.client.doGet(endpoint, job.options).readRows<Row>()));
  checkRows({ rows, left: false }, count, 7n);
};

const cancelled: Operation = async (job) => {
  job.mayBeCancelled();
  const count = job.random.log(1, 100_000_000);
  const result = job.client.query(`SELECT i FROM range(${count}) t(i)`, undefined, job.options);
  let [seen, done] = [0, false];
  const reading = (async () => {
    for await (const batch of result) seen += batch.numRows;
    done = true;
  })();
  // Awaited below; until then it may fail without anybody looking.
  reading.catch(() => {});
  await sleep(job.random.log(1, 500));
  await result.cancel();
  await reading;
  check(!done || seen === count, `${seen} rows instead of ${count}, cancelled`);
};

const refused: Operation = async (job) => {
  const { code } = await job.client
    .query("SELECT * FROM missing", undefined, job.options)
    .all()
    .then(
      () => {
        throw new Wrong("a query of a table that is missing succeeded");
      },
      (error: { code: string }) => {
        if (error.code !== "invalid_argument" && error.code !== "not_found") throw error;
        return error;
      },
    );
  check(code !== undefined, "an error has a code");
};

const metadata: Operation = async (job) => {
  const tables = await job.client
    .getTables({ tableNameFilterPattern: "keys" }, job.options)
    .all<{ table_name: string }>();
  check(tables.length === 1 && tables[0]!.table_name === "keys", `getTables: ${JSON.stringify(tables)}`);
  const schema = await job.client.getSchema("SELECT 1 AS one", job.options);
  check(schema?.fields.map(({ name }) => name).join() === "one", "getSchema");
};

/** What the embedded server is asked. */
export const reads: readonly (readonly [weight: number, operation: Operation])[] = [
  [30, query],
  [8, queryWithParameters],
  [8, prepared],
  [6, twoSteps],
  [6, cancelled],
  [4, refused],
  [3, metadata],
];

/** What the servers are asked that have one answer for all. */
export const scriptedRead: Operation = async ({ client, options, random }) => {
  const result = client.query("q", undefined, options);
  const seen: number[] = [];
  const stopAt = random.chance(0.3) ? random.int(1, 6) : 7;
  if (random.chance(0.5)) seen.push(...(await result.all<{ n: number }>()).map(({ n }) => n));
  else
    for await (const { n } of result.rows<{ n: number }>()) {
      seen.push(n);
      if (seen.length === stopAt) break;
    }
  const isLeft = seen.length === stopAt;
  check(String(seen) === String(isLeft ? goodRows.slice(0, stopAt) : goodRows), `rows ${seen.join()}`);
};
