import { once } from "node:events";
import { Field, Int32, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { writeSchema } from "../../src/arrow/encode.ts";
import { type Backend, type Listening, listen } from "../../src/server/index.ts";
import { type Bin, buildBin, ended } from "./bin.ts";

// A server that sends batches for as long as they are taken, or one and then nothing, and tells how each call ended.

let bin: Bin;
let server: Listening;
let sent = 0;
let cancels = 0;
let aborted: Promise<void>;
let begun: Promise<void>;
let hasBegun: () => void;
let hasAborted: () => void;
const rows = 10_000;

beforeAll(async () => {
  const schema = new Schema([new Field("n", new Int32(), false)]);
  const column = makeData({ type: new Int32(), length: rows, data: new Int32Array(rows).fill(1234567) });
  const data = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children: [column] });
  const backend: Backend = {
    async getFlightInfo(command) {
      const sql = command.kind === "sql" && "query" in command.message ? String(command.message.query) : "";
      return { schema: writeSchema(schema), endpoint: [{ ticket: { ticket: new TextEncoder().encode(sql) } }] };
    },
    async doGet(ticket, call) {
      const endless = ticket.kind === "bytes" && new TextDecoder().decode(ticket.bytes) === "endless";
      call.signal.addEventListener("abort", () => hasAborted());
      return {
        schema,
        chunks: (async function* () {
          do {
            sent++;
            yield { batch: new RecordBatch(schema, data) };
            hasBegun();
          } while (endless);
          await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
        })(),
      };
    },
    async *doAction(action) {
      if (action.type === "CancelFlightInfo") cancels++;
      yield new Uint8Array(0);
    },
    async *doPut(_command, _upload, call) {
      hasBegun();
      await new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
      hasAborted();
      yield new Uint8Array(0);
    },
  };
  server = await listen(backend);
  bin = await buildBin("cli-stop");
});
afterAll(async () => {
  await bin?.close();
  await server?.close(0);
});
beforeEach(() => {
  sent = 0;
  cancels = 0;
  begun = new Promise((resolve) => {
    hasBegun = resolve;
  });
  aborted = new Promise((resolve) => {
    hasAborted = resolve;
  });
});

const start = (...args: string[]) => bin.start(args, { env: { FLIGHTSQL_URL: `grpc://127.0.0.1:${server.port}` } });

it("Ctrl-C cancels a query at the server, and the exit code is a shell's 130", async () => {
  const child = start("query", "waits");
  // Its first rows are out: the program reads now.
  await once(child.stdout!, "data");
  child.stdout!.resume();
  child.kill("SIGINT");
  const { code, err } = await ended(child);
  expect({ code, err }).toEqual({ code: 130, err: "" });
  await aborted;
  expect(cancels).toBe(1);
});

it("Ctrl-C ends an update, and the server learns of it", async () => {
  const child = start("update", "waits");
  await begun;
  child.kill("SIGINT");
  expect(await ended(child)).toMatchObject({ code: 130, out: "", err: "" });
  await aborted;
});

it("a reader that has seen enough ends the query, quietly and with exit code 0", async () => {
  const child = start("query", "endless");
  await once(child.stdout!, "data");
  child.stdout!.destroy();
  const { code, err } = await ended(child);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  await aborted;
});

it.each(["csv", "ndjson", "arrow"])("%s waits for its reader, and so does the server", async (format) => {
  const child = start("query", "endless", "-F", format);
  await begun;
  let before = -1;
  // Pipes, windows and queues fill up first.
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  // 40 kB each: what is on its way is bounded by windows of some MiB, here and there.
  expect(sent).toBeLessThan(4000);
  child.kill("SIGINT");
  child.stdout!.resume();
  expect((await ended(child)).code).toBe(130);
});

it("SIGTERM ends it like Ctrl-C, with its own code", async () => {
  const child = start("query", "waits", "-F", "arrow");
  await once(child.stdout!, "data");
  child.stdout!.resume();
  child.kill("SIGTERM");
  expect((await ended(child)).code).toBe(143);
});
