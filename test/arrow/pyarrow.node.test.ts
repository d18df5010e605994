import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RecordBatch } from "apache-arrow";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BatchEncoder } from "../../src/arrow/encode.ts";
import { IpcStreamWriter } from "../../src/arrow/ipc.ts";
import { skip } from "../package/skip.ts";
import { drawBatches, exact, flatColumns } from "./arbitrary.ts";
import { decodeMessages, messagesOf, rowsOf } from "./streams.ts";

// test/interop/install.mjs puts it there; else the python of the path, if it has pyarrow.
const installed = fileURLToPath(new URL("../../.cache/interop/venv/bin/python", import.meta.url));
const python = existsSync(installed) ? installed : "python3";

test("what is encoded is what pyarrow reads, and what it writes is what is decoded", {
  timeout: 180_000,
}, async (context) => {
  if (spawnSync(python, ["-c", "import pyarrow"]).status !== 0) skip(context, "pyarrow is not installed");
  const child = spawn(python, [fileURLToPath(new URL("golden/echo.py", import.meta.url))]);
  const echo = new Echo(child);
  try {
    await fc.assert(
      fc.asyncProperty(drawBatches(flatColumns), async ({ batches, rows }) => {
        const answer = await echo.ask(streamOf(batches));
        expect(rowsOf((await decodeMessages(await messagesOf(answer))).batches, exact)).toEqual(
          rows.filter((batch) => batch.length > 0),
        );
      }),
      { seed: 20_261_122, numRuns: 300, endOnFailure: true },
    );
  } finally {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
});

function streamOf(batches: readonly RecordBatch[]): Buffer {
  const encoder = new BatchEncoder(batches[0]!.schema);
  const writer = new IpcStreamWriter();
  const messages = [encoder.schema(), ...batches.flatMap((batch) => encoder.batch(batch))];
  return Buffer.concat([...messages.flatMap((message) => writer.message(message)), writer.end()]);
}

/** echo.py, which answers one stream with another. */
class Echo {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #chunks: AsyncIterator<Buffer>;
  #errors = "";
  #rest: Buffer = Buffer.alloc(0);

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stderr.on("data", (data: Buffer) => {
      this.#errors += data.toString();
    });
    // A write into a process that has died fails by itself; what matters is said when its answer is missed.
    child.stdin.on("error", () => {});
    this.#chunks = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async ask(stream: Buffer): Promise<Uint8Array> {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(stream.length);
    this.#child.stdin.write(Buffer.concat([head, stream]));
    const answer = await this.#take((await this.#take(4)).readUInt32LE());
    if (answer[0] === 0x21) throw new Error(`pyarrow says ${answer.toString()}`);
    return answer;
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#rest.length < length) {
      const { done, value } = await this.#chunks.next();
      if (done) throw new Error(`pyarrow ended: ${this.#child.signalCode ?? this.#child.exitCode} ${this.#errors}`);
      this.#rest = Buffer.concat([this.#rest, value]);
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
