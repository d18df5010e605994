// Changes, each with an id that nothing else has: the ledger knows afterwards whether it happened, and how often.

import { tableFromArrays } from "apache-arrow";
import { check, type Operation } from "./job.ts";

const insert: Operation = async ({ id, client, options, ledger }) => {
  ledger.keys.begin(id);
  check(
    (await client.executeUpdate(`INSERT INTO keys VALUES (${id})`, undefined, options)) === 1n,
    "one row was inserted",
  );
  ledger.keys.done(id, 1);
};

const insertWithParameters: Operation = async ({ id, client, options, ledger }) => {
  ledger.keys.begin(id);
  check(
    (await client.executeUpdate("INSERT INTO keys VALUES (?)", [BigInt(id)], options)) === 1n,
    "one row was inserted",
  );
  ledger.keys.done(id, 1);
};

const insertMany: Operation = async ({ id, client, options, random, ledger }) => {
  const statement = await client.prepare("INSERT INTO loads VALUES (?, ?)", options);
  try {
    const count = random.int(1, 50);
    ledger.loads.begin(id, count);
    const sets = Array.from({ length: count }, (_, n) => [BigInt(id), BigInt(n)]);
    check((await statement.executeMany(sets, options)) === BigInt(count), `${count} rows were inserted`);
    ledger.loads.done(id, count);
  } finally {
    await statement.close(options).catch(() => {});
  }
};

const ingest: Operation = async ({ id, client, options, random, ledger }) => {
  const count = random.log(1, 50_000);
  const table = tableFromArrays({
    id: new BigInt64Array(count).fill(BigInt(id)),
    n: BigInt64Array.from({ length: count }, (_, n) => BigInt(n)),
  });
  ledger.loads.begin(id, count);
  const chunkBytes = random.chance(0.4) ? random.log(1000, 500_000) : undefined;
  const rows = await client.ingest("loads", table, {
    ...options,
    mode: "append",
    chunkBytes: chunkBytes && Math.max(chunkBytes, count),
  });
  check(rows === BigInt(count), `${rows} rows were loaded instead of ${count}`);
  ledger.loads.done(id, count);
};

class Regret extends Error {}

const transaction: Operation = async ({ id, client, options, random, ledger }) => {
  ledger.pairs.begin(id, 2);
  const regrets = random.chance(0.2);
  let isReady = false;
  try {
    await client.transaction(async (tx) => {
      await tx.executeUpdate(`INSERT INTO pairs VALUES (${id}, 1)`, undefined, options);
      if (random.chance(0.3)) {
        const [row] = await tx
          .query(`SELECT count(*) AS n FROM pairs WHERE id = ${id}`, undefined, options)
          .all<{ n: bigint }>();
        check(row?.n === 1n, `a transaction sees ${row?.n} rows of its own instead of 1`);
      }
      await tx.executeUpdate(`INSERT INTO pairs VALUES (${id}, 2)`, undefined, options);
      if (regrets) throw new Regret();
      isReady = true;
    }, options);
    ledger.pairs.done(id, 2);
  } catch (thrown) {
    // Nobody has asked for a commit.
    if (!isReady) ledger.pairs.done(id, 0);
    if (!(thrown instanceof Regret)) throw thrown;
  }
};

/** What the embedded server is asked. */
export const writes: readonly (readonly [weight: number, operation: Operation])[] = [
  [12, insert],
  [6, insertWithParameters],
  [4, insertMany],
  [8, ingest],
  [8, transaction],
];

/** What the servers are asked that count uploads by their name. */
export const scriptedWrite: Operation = async ({ id, client, options, random }) => {
  const name = `op-${id}`;
  const call = random.weighted<() => Promise<bigint>>([
    [3, () => client.executeUpdate(name, undefined, options)],
    [2, () => client.ingest(name, tableFromArrays({ n: Int32Array.of(1, 2, 3) }), options)],
    [1, () => client.transaction((tx) => tx.executeUpdate(name, undefined, options), options)],
  ]);
  const rows = await call();
  check(rows === 3n, `${rows} rows instead of 3`);
};
