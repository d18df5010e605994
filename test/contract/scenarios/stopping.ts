import { expect } from "vitest";
import { expectFailure } from "../expect.ts";
import type { Dialect, Scenario } from "../target.ts";

// What the server notices of it is seen where a server tells: test/interop/pyarrow.test.ts and the scripted ones.

const endless = ({ series }: Dialect): string => series(200_000_000);

async function stillAnswers(client: Parameters<Scenario>[0], { series }: Dialect): Promise<void> {
  expect((await client.query(series(3)).table()).numRows).toBe(3);
}

export const leaving: Scenario = async (client, dialect) => {
  for (let i = 0; i < 12; i++) {
    let rows = 0;
    for await (const batch of client.query(endless(dialect))) {
      rows += batch.numRows;
      break;
    }
    expect(rows).toBeGreaterThan(0);
  }
  await stillAnswers(client, dialect);
};

export const aborting: Scenario = async (client, dialect) => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const reading = (async () => {
    for await (const batch of client.query(endless(dialect), undefined, { signal: stop.signal }))
      if (batch.numRows > 0) stop.abort(reason);
  })();
  const error = await expectFailure(reading, "canceled");
  expect(error.cause).toBe(reason);
  await stillAnswers(client, dialect);
};

export const timeLimit: Scenario = async (client, dialect) => {
  const reading = (async () => {
    let rows = 0;
    for await (const batch of client.query(endless(dialect), undefined, { timeoutMs: 500 })) rows += batch.numRows;
    return rows;
  })();
  await expectFailure(reading, "deadline_exceeded");
  await stillAnswers(client, dialect);
};

export const cancelling: Scenario = async (client, dialect) => {
  const result = client.query(endless(dialect));
  const reading = (async () => {
    for await (const batch of result) {
      if (batch.numRows === 0) continue;
      expect(["cancelled", "cancelling", "not_cancellable", "unspecified"]).toContain(await result.cancel());
    }
  })();
  await expectFailure(reading, "canceled");
  await stillAnswers(client, dialect);
};
