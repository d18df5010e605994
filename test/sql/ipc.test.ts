import { tableFromIPC } from "apache-arrow";
import { FlightSqlClient } from "flightsql";
import { describe, expect, test } from "vitest";
import { golden } from "../arrow/golden/golden.ts";
import { messagesOf } from "../arrow/streams.ts";
import { type Script, scriptedTransport, toData } from "../support/router.ts";

// result.ipc() over compressed results: bytes as the server sent them, or inflated for readers without codecs.

for (const codec of ["lz4", "zstd"]) {
  describe(`a result compressed with ${codec}`, () => {
    const { stream, batches } = golden(`${codec}/mixed`);
    const rows = batches.flat().length;
    const script: Script = async function* () {
      for (const message of await messagesOf(stream)) yield toData(message);
    };
    const query = () =>
      new FlightSqlClient({
        url: "http://scripted.example",
        transport: scriptedTransport({ endpoints: [script] }),
      }).query("q");

    test("ipc() hands over the bytes as they are", async () => {
      const bytes = new Uint8Array(await new Response(query().ipc()).arrayBuffer());
      // apache-arrow has no codec of its own: that it says so shows that nothing was inflated.
      expect(() => tableFromIPC(bytes)).toThrow("codec not found");
    });

    test("ipc({ decompress: true }) can be read without a codec", async () => {
      const table = tableFromIPC(new Uint8Array(await new Response(query().ipc({ decompress: true })).arrayBuffer()));
      expect(table.numRows).toBe(rows);
      expect(rows).toBeGreaterThan(0);
    });

    test("all() gives the values that pyarrow wrote", async () => {
      const values = (await query().all<{ c: unknown }>()).map((row) => row.c);
      expect(values).toEqual(batches.flat());
    });
  });
}
