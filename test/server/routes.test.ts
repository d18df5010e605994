import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Field, Int32, Schema, tableFromArrays } from "apache-arrow";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FlightDecoder } from "../../src/arrow/decode.ts";
import { readSchema } from "../../src/arrow/encapsulated.ts";
import { BatchEncoder, writeSchema } from "../../src/arrow/encode.ts";
import {
  CancelFlightInfoRequestSchema,
  CancelFlightInfoResultSchema,
  CancelStatus,
  type FlightData,
  FlightDataSchema,
  FlightDescriptor_DescriptorType,
} from "../../src/gen/Flight_pb.ts";
import {
  ActionBeginTransactionRequestSchema,
  ActionBeginTransactionResultSchema,
  CommandGetCatalogsSchema,
  CommandStatementIngestSchema,
  DoPutUpdateResultSchema,
} from "../../src/gen/FlightSql_pb.ts";
import type { Action, Backend, Command } from "../../src/server/backend.ts";
import { type Listening, listen } from "../../src/server/listen.ts";
import { descriptor, type Flight, failure, grpc, grpcWeb, once, read, rows, statement } from "./harness.ts";

let server: Listening;
afterEach(() => server.close(0));

const clients: [string, (url: string) => Flight][] = [
  ["gRPC", grpc],
  ["gRPC-Web over HTTP/1.1", grpcWeb],
];

const numbers = (values: number[]) => tableFromArrays({ n: Int32Array.from(values) });
const schema = numbers([1]).schema;

describe.each(clients)("over %s", (_, connect) => {
  const start = async (backend: Backend): Promise<Flight> => {
    server = await listen(backend);
    return connect(server.url);
  };

  it("a result has as many endpoints as the backend says, each read by its own ticket", async () => {
    const client = await start({
      getFlightInfo: async () => ({
        schema: writeSchema(schema),
        endpoint: [1, 2, 3].map((n) => ({ ticket: { ticket: Uint8Array.of(n) }, appMetadata: Uint8Array.of(n) })),
        ordered: true,
        appMetadata: new TextEncoder().encode("three"),
      }),
      async doGet(ticket) {
        if (ticket.kind !== "bytes") throw new Error("no bytes");
        const [batch] = numbers([ticket.bytes[0]! * 10]).batches;
        return { schema, chunks: once({ batch: batch! }) };
      },
    });
    const info = await client.getFlightInfo(statement("whatever"));
    expect(info.flightDescriptor).toEqual(statement("whatever"));
    expect(new TextDecoder().decode(info.appMetadata)).toBe("three");
    expect(rows(await read(client, statement("whatever")))).toEqual([{ n: 10 }, { n: 20 }, { n: 30 }]);
  });

  it("metadata rides beside its batch, or alone, and not on the schema", async () => {
    const [batch] = numbers([1]).batches;
    const client = await start({
      doGet: async () => ({
        schema,
        chunks: (async function* () {
          yield { batch: batch!, appMetadata: Uint8Array.of(7) };
          yield { batch: null, appMetadata: Uint8Array.of(8) };
        })(),
      }),
    });
    const messages: FlightData[] = [];
    for await (const message of client.doGet({ ticket: Uint8Array.of(1) })) messages.push(message);
    expect(messages.map(({ dataHeader, appMetadata }) => [dataHeader.length > 0, ...appMetadata])).toEqual([
      [true],
      [true, 7],
      [false, 8],
    ]);
  });

  it("GetSchema takes the schema of GetFlightInfo, unless the backend knows better", async () => {
    const client = await start({ getFlightInfo: async () => ({ schema: writeSchema(schema) }) });
    expect(String(readSchema((await client.getSchema(statement("x"))).schema))).toBe(String(schema));
    await server.close(0);
    const other = new Schema([new Field("other", new Int32(), true)]);
    const second = await start({ getFlightInfo: async () => ({}), getSchema: async () => other });
    expect(String(readSchema((await second.getSchema(statement("x"))).schema))).toBe(String(other));
    await server.close(0);
    const third = await start({ getFlightInfo: async () => ({}) });
    expect((await failure(third.getSchema(statement("x")))).code).toBe(Code.Unimplemented);
  });

  it("descriptors are a command, a path or bytes", async () => {
    const seen: Command[] = [];
    const client = await start({
      async getFlightInfo(command) {
        seen.push(command);
        return {};
      },
    });
    await client.getFlightInfo(descriptor(create(CommandGetCatalogsSchema)));
    await client.getFlightInfo({ type: FlightDescriptor_DescriptorType.PATH, path: ["a", "b"] });
    await client.getFlightInfo({ type: FlightDescriptor_DescriptorType.CMD, cmd: new TextEncoder().encode("success") });
    expect(seen).toMatchObject([
      { kind: "sql", message: { $typeName: "arrow.flight.protocol.sql.CommandGetCatalogs" } },
      { kind: "path", path: ["a", "b"] },
      { kind: "bytes", bytes: new TextEncoder().encode("success") },
    ]);
  });

  it("Flight's actions travel bare, Flight SQL's in an Any, others as they are", async () => {
    const seen: Action[] = [];
    const client = await start({
      async *doAction(action) {
        seen.push(action);
        if (action.kind === "other") yield action.body;
        else if (action.type === "BeginTransaction") {
          yield create(ActionBeginTransactionResultSchema, { transactionId: Uint8Array.of(1, 2) });
        } else yield create(CancelFlightInfoResultSchema, { status: CancelStatus.CANCELLED });
      },
      actions: [{ type: "BeginTransaction", description: "begins one" }],
    });
    const act = async (type: string, body: Uint8Array) => {
      const bodies: Uint8Array[] = [];
      for await (const result of client.doAction({ type, body })) bodies.push(result.body);
      return bodies;
    };
    const cancel = create(CancelFlightInfoRequestSchema, { info: { appMetadata: Uint8Array.of(5) } });
    const [status] = await act("CancelFlightInfo", toBinary(CancelFlightInfoRequestSchema, cancel));
    expect([...status!]).toEqual([8, 1]);
    const begin = anyPack(ActionBeginTransactionRequestSchema, create(ActionBeginTransactionRequestSchema));
    const [began] = await act("BeginTransaction", toBinary(AnySchema, begin));
    const answer = anyUnpack(fromBinary(AnySchema, began!), ActionBeginTransactionResultSchema);
    expect([...answer!.transactionId]).toEqual([1, 2]);
    expect([...(await act("mine", Uint8Array.of(9)))[0]!]).toEqual([9]);
    expect(seen.map(({ kind, type }) => [kind, type])).toEqual([
      ["standard", "CancelFlightInfo"],
      ["standard", "BeginTransaction"],
      ["other", "mine"],
    ]);
    expect((await failure(act("BeginTransaction", Uint8Array.of(1)))).code).toBe(Code.InvalidArgument);
    const listed: string[] = [];
    for await (const { type, description } of client.listActions({})) listed.push(`${type}: ${description}`);
    expect(listed).toEqual(["BeginTransaction: begins one"]);
  });

  it("an upload is the descriptor, the schema and chunks; its answers are bare", async () => {
    const client = await start({
      async *doPut(command, upload) {
        if (
          command.kind !== "sql" ||
          command.message.$typeName !== "arrow.flight.protocol.sql.CommandStatementIngest"
        ) {
          throw new Error("not an ingest");
        }
        expect(String(await upload.schema())).toBe(String(schema));
        let recordCount = 0n;
        for await (const { batch, appMetadata } of upload) {
          recordCount += BigInt(batch?.numRows ?? 0);
          if (appMetadata) yield appMetadata;
        }
        yield create(DoPutUpdateResultSchema, { recordCount });
      },
    });
    const encoder = new BatchEncoder(schema);
    const messages = async function* () {
      const flightDescriptor = descriptor(create(CommandStatementIngestSchema, { table: "t" }));
      yield create(FlightDataSchema, { flightDescriptor, dataHeader: encoder.schema().header });
      for (const n of [2, 3]) {
        const { header, body } = encoder.batch(numbers(Array(n).fill(1)).batches[0]!)[0]!;
        yield create(FlightDataSchema, { dataHeader: header, dataBody: body, appMetadata: Uint8Array.of(n) });
      }
    };
    const answers: Uint8Array[] = [];
    for await (const { appMetadata } of client.doPut(messages())) answers.push(appMetadata);
    expect(answers.slice(0, 2).map((a) => [...a])).toEqual([[2], [3]]);
    expect(fromBinary(DoPutUpdateResultSchema, answers[2]!).recordCount).toBe(5n);
  });

  it("data that is no Arrow is refused as the client's mistake", async () => {
    const client = await start({
      // biome-ignore lint/correctness/useYield: it fails before
      async *doPut(_, upload) {
        await upload.schema();
      },
    });
    const upload = create(FlightDataSchema, {
      flightDescriptor: statement("x"),
      dataHeader: Uint8Array.of(1, 2, 3, 4),
    });
    const drained = async () => {
      for await (const _ of client.doPut(once(upload)));
    };
    expect(await failure(drained())).toMatchObject({ code: Code.InvalidArgument, message: /cannot be read/ });
  });

  it("what the backend leaves out is unimplemented", async () => {
    const client = await start({});
    const all = async (stream: AsyncIterable<unknown>) => {
      for await (const _ of stream);
    };
    const upload = () => once(create(FlightDataSchema, { flightDescriptor: statement("x") }));
    const failures = await Promise.all(
      [
        client.getFlightInfo(statement("x")),
        client.pollFlightInfo(statement("x")),
        client.getSchema(statement("x")),
        all(client.listFlights({})),
        all(client.doGet({})),
        all(client.doPut(upload())),
        all(client.doExchange(upload())),
        all(client.doAction({ type: "x" })),
        all(client.handshake(once({}))),
      ].map(failure),
    );
    expect(failures.map(({ code }) => code)).toEqual(failures.map(() => Code.Unimplemented));
  });

  it("the backend's errors pass as they are, with their metadata; faults are hidden and logged", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const client = await start({
      async getFlightInfo() {
        throw new ConnectError("100% wrong: ä", Code.AlreadyExists, { "x-more": "yes" });
      },
      async doGet() {
        throw new Error("the secret of the house");
      },
    });
    const error = await client.getFlightInfo(statement("x")).catch((reason: ConnectError) => reason);
    expect(error).toMatchObject({ rawMessage: "100% wrong: ä", code: Code.AlreadyExists });
    expect((error as ConnectError).metadata.get("x-more")).toBe("yes");
    const hidden = await failure(read1(client));
    expect(hidden).toMatchObject({ code: Code.Internal });
    expect(hidden.message).not.toMatch(/secret/);
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  it("an error behind batches arrives behind them", async () => {
    const [batch] = numbers([1, 2]).batches;
    const client = await start({
      doGet: async () => ({
        schema,
        chunks: (async function* () {
          yield { batch: batch! };
          throw new ConnectError("broke", Code.DataLoss);
        })(),
      }),
    });
    let messages = 0;
    const stream = client.doGet({ ticket: Uint8Array.of(1) });
    const all = async () => {
      for await (const _ of stream) messages++;
    };
    expect(await failure(all())).toEqual({ code: Code.DataLoss, message: "broke" });
    expect(messages).toBe(2);
  });

  it("headers and trailers set by the backend arrive", async () => {
    const [batch] = numbers([1]).batches;
    server = await listen({
      async doGet(_, call) {
        call.responseHeader.set("x-first", "1");
        call.responseTrailer.set("x-last", call.requestHeader.get("x-mine") ?? "");
        return { schema, chunks: once({ batch: batch! }) };
      },
    });
    const got: (string | null)[] = [];
    const client = connect(server.url);
    for await (const _ of client.doGet(
      { ticket: Uint8Array.of(1) },
      {
        headers: { "x-mine": "echo" },
        onHeader: (headers) => got.push(headers.get("x-first")),
        onTrailer: (trailers) => got.push(trailers.get("x-last")),
      },
    ));
    expect(got).toEqual(["1", "echo"]);
  });
});

it("an exchange is interleaved over gRPC: each message is answered before the next is sent", async () => {
  server = await listen({
    async doExchange(_, upload) {
      const incoming = await upload.schema();
      return { ...(incoming && { schema: incoming }), chunks: upload };
    },
  });
  const client = grpc(server.url);
  const encoder = new BatchEncoder(schema);
  let answered = () => {};
  const messages = async function* () {
    yield create(FlightDataSchema, { flightDescriptor: statement("echo"), dataHeader: encoder.schema().header });
    for (let n = 1; n <= 3; n++) {
      const arrived = new Promise<void>((resolve) => {
        answered = resolve;
      });
      const [message] = encoder.batch(numbers([n]).batches[0]!);
      yield create(FlightDataSchema, {
        dataHeader: message!.header,
        dataBody: message!.body,
        ...(n % 2 === 0 && { appMetadata: Uint8Array.of(n) }),
      });
      await arrived;
    }
  };
  const decoder = new FlightDecoder();
  const got: unknown[] = [];
  for await (const { dataHeader, dataBody, appMetadata } of client.doExchange(messages())) {
    const batch = await decoder.decode(dataHeader, dataBody);
    if (!batch) continue;
    got.push([batch.getChildAt(0)!.get(0), ...appMetadata]);
    answered();
  }
  expect(got).toEqual([[1], [2, 2], [3]]);
});

async function read1(client: Flight): Promise<void> {
  for await (const _ of client.doGet({ ticket: Uint8Array.of(1) }));
}
