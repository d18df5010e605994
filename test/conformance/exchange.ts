import { Field, Int32, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import type { FlightPutChunk } from "flightsql";
import { check, equal, text, utf8 } from "./assert.ts";
import { sameBatch, sameSchema } from "./compare.ts";
import type { Scenario } from "./scenario.ts";

const schema = new Schema([new Field("x", new Int32(), false)]);

function batchFrom(first: number): RecordBatch {
  const data = Int32Array.from({ length: 10 }, (_, i) => first + i);
  const column = makeData({ type: new Int32(), length: data.length, data });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: 10, children: [column] }));
}

const chunks: FlightPutChunk[] = [0, 1, 2, 3].map((i) => ({
  batch: batchFrom(i),
  ...(i % 2 === 0 && { appMetadata: utf8(String(i)) }),
}));

function sameChunk(actual: { batch: RecordBatch | null; appMetadata: Uint8Array } | null, i: number): void {
  check(actual?.batch != null, `echo ${i} has no batch`);
  sameBatch(actual.batch, chunks[i]!.batch!, `echo ${i}`);
  equal(text(actual.appMetadata), i % 2 === 0 ? String(i) : "", `app_metadata of echo ${i}`);
}

/** Each batch is written when the one before it has come back. */
export const exchangeEcho: Scenario = {
  name: "do_exchange:echo",
  interleaves: true,
  async run({ connect, proves }) {
    const exchange = connect().flight.doExchange({ cmd: utf8("echo") }, { schema });
    try {
      for (const [i, chunk] of chunks.entries()) {
        await exchange.write(chunk);
        sameChunk(await exchange.readChunk(), i);
        if (i === 0) sameSchema(await exchange.schema(), schema, "the echo");
      }
      exchange.end();
      equal(await exchange.readChunk(), null, "what follows the last echo");
    } finally {
      exchange.cancel();
    }
    proves("DoExchange");
  },
};

/** Ours: what remains of it over fetch. All is written, then all comes back. */
export const exchangeAtOnce: Scenario = {
  name: "do_exchange:echo (at once)",
  async run({ connect, proves }) {
    const exchange = connect().flight.doExchange({ cmd: utf8("echo") }, { schema });
    for (const chunk of chunks) await exchange.write(chunk);
    exchange.end();
    for (const i of chunks.keys()) sameChunk(await exchange.readChunk(), i);
    equal(await exchange.readChunk(), null, "what follows the last echo");
    proves("DoExchange");
  },
};
