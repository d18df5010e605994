import { Field, Int32, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import type { FlightPutChunk } from "flightsql";
import { check, equal, text, utf8 } from "./assert.ts";
import { sameBatch, sameSchema } from "./compare.ts";
import { Queue } from "./queue.ts";
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
    const turns = new Queue<"write" | "end">();
    async function* input(): AsyncGenerator<FlightPutChunk, void, undefined> {
      for (const chunk of chunks) {
        if ((await turns.next()) === "end") return;
        yield chunk;
      }
      await turns.next();
    }
    const reader = connect().flight.doExchange({ cmd: utf8("echo") }, input(), { schema });
    try {
      for (const i of chunks.keys()) {
        turns.push("write");
        sameChunk(await reader.readChunk(), i);
        if (i === 0) sameSchema(await reader.schema(), schema, "the echo");
      }
      turns.push("end");
      equal(await reader.readChunk(), null, "what follows the last echo");
    } finally {
      turns.push("end");
      reader.cancel();
    }
    proves("DoExchange");
  },
};

/** Ours: what remains of it over fetch. All is written, then all comes back. */
export const exchangeAtOnce: Scenario = {
  name: "do_exchange:echo (at once)",
  async run({ connect, proves }) {
    const reader = connect().flight.doExchange({ cmd: utf8("echo") }, chunks, { schema });
    for (const i of chunks.keys()) sameChunk(await reader.readChunk(), i);
    equal(await reader.readChunk(), null, "what follows the last echo");
    proves("DoExchange");
  },
};
