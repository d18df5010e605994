import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError, encodeBinaryHeader } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { FlightDataSchema, FlightInfoSchema, TicketSchema } from "../../src/gen/Flight_pb.ts";
import {
  type Answer,
  clientOf,
  cut,
  envelope,
  join,
  type ScriptedHttp,
  scriptedHttp,
  webTrailer,
} from "./scripted-http.ts";

const message = envelope(toBinary(FlightDataSchema, create(FlightDataSchema, { appMetadata: Uint8Array.of(1) })));

/** Messages that a DoGet gave, and how it ended. */
async function doGet(
  answer: Answer | ScriptedHttp,
  options: object = {},
): Promise<{ count: number; error: ConnectError | undefined; trailer: Headers | undefined; scripted: ScriptedHttp }> {
  const scripted = "http" in answer ? answer : scriptedHttp(answer);
  let count = 0;
  let trailer: Headers | undefined;
  try {
    const stream = clientOf(scripted, options).doGet(create(TicketSchema), {
      onTrailer: (t) => {
        trailer = t;
      },
    });
    for await (const _ of stream) count++;
    return { count, error: undefined, trailer, scripted };
  } catch (e) {
    expect(e).toBeInstanceOf(ConnectError);
    return { count, error: e as ConnectError, trailer, scripted };
  }
}

const web = { protocol: "grpc-web", header: { "content-type": "application/grpc-web+proto" } } as const;

describe("how a call ends", () => {
  test("OK in the trailers, which are handed on", async () => {
    const { count, error, trailer } = await doGet({
      body: [message, message],
      trailer: { "grpc-status": "0", a: "b" },
    });
    expect([count, error, trailer?.get("a")]).toEqual([2, undefined, "b"]);
  });

  test("an error after messages has the union of headers and trailers", async () => {
    const { count, error } = await doGet({
      header: { "content-type": "application/grpc", "x-head": "1" },
      body: [message],
      trailer: { "grpc-status": "5", "grpc-message": "gone%20away", "x-arrow-status": "2" },
    });
    expect([count, error?.code, error?.rawMessage]).toEqual([1, Code.NotFound, "gone away"]);
    expect([error?.metadata.get("x-head"), error?.metadata.get("x-arrow-status")]).toEqual(["1", "2"]);
  });

  test("trailers alone: the status is in the headers", async () => {
    const { error } = await doGet({
      header: { "content-type": "application/grpc", "grpc-status": "7", "grpc-message": "no", "x-why": "because" },
    });
    expect([error?.code, error?.rawMessage, error?.metadata.get("x-why")]).toEqual([
      Code.PermissionDenied,
      "no",
      "because",
    ]);
  });

  test("trailers alone and OK: no messages", async () => {
    const { count, error } = await doGet({ header: { "content-type": "application/grpc", "grpc-status": "0" } });
    expect([count, error]).toEqual([0, undefined]);
  });

  test("no status is unavailable, however many messages came", async () => {
    for (const body of [[], [message, message]]) {
      const { count, error } = await doGet({ body });
      expect([count, error?.code]).toEqual([body.length, Code.Unavailable]);
      expect(error?.message).toContain("without a gRPC status");
    }
  });

  test("a status that is no status is unknown", async () => {
    for (const status of ["99", "-1", "x", "17"]) {
      expect((await doGet({ trailer: { "grpc-status": status } })).error?.code).toBe(Code.Unknown);
    }
    expect((await doGet({ trailer: { "grpc-status": "00" } })).error).toBeUndefined();
  });

  for (const [sent, shown] of [
    ["100% wrong", "100% wrong"],
    ["50%25 of %zz and %", "50% of %zz and %"],
    ["caf%C3%A9", "café"],
    ["%ff", "\ufffd"],
    ["", "the server gave no reason"],
  ] as const) {
    test(`grpc-message ${JSON.stringify(sent)}`, async () => {
      const { error } = await doGet({ trailer: { "grpc-status": "3", "grpc-message": sent } });
      expect([error?.code, error?.rawMessage]).toEqual([Code.InvalidArgument, shown]);
    });
  }

  test("Arrow's raw bytes in grpc-status-details-bin do not hide the code", async () => {
    for (const raw of [Uint8Array.of(0xff, 0xff, 0xff), new TextEncoder().encode("extra info"), new Uint8Array(0)]) {
      const details = encodeBinaryHeader(raw);
      const { error } = await doGet({
        trailer: { "grpc-status": "14", "grpc-message": "busy", "grpc-status-details-bin": details },
      });
      expect([error?.code, error?.rawMessage, error?.details]).toEqual([Code.Unavailable, "busy", []]);
      expect(error?.metadata.get("grpc-status-details-bin")).toBe(details);
    }
    const bare = { "grpc-status": "14", "grpc-status-details-bin": "!!not base64!!" };
    expect((await doGet({ trailer: bare })).error?.code).toBe(Code.Unavailable);
  });

  test("a google.rpc.Status there gives its details", async () => {
    const any = new BinaryWriter().tag(1, WireType.LengthDelimited).string("type.googleapis.com/a.B");
    any.tag(2, WireType.LengthDelimited).bytes(Uint8Array.of(1, 2));
    const status = (code: number): string =>
      encodeBinaryHeader(
        new BinaryWriter()
          .tag(1, WireType.Varint)
          .int32(code)
          .tag(3, WireType.LengthDelimited)
          .bytes(any.finish())
          .finish(),
      );
    const of = async (code: number) =>
      (await doGet({ trailer: { "grpc-status": "3", "grpc-status-details-bin": status(code) } })).error;
    expect((await of(3))?.details).toEqual([{ type: "a.B", value: Uint8Array.of(1, 2) }]);
    // Its code says that it is about something else.
    expect(await of(0)).toMatchObject({ code: Code.InvalidArgument, details: [] });
  });

  test("details beyond the body: an answer in HTML, and HTTP codes without a gRPC status", async () => {
    const html = await doGet({ header: { "content-type": "text/html" }, body: [new TextEncoder().encode("<p>hi")] });
    expect(html.error?.code).toBe(Code.Unknown);
    expect(html.error?.message).toContain('"text/html", not gRPC');
    for (const [status, code] of [
      [401, Code.Unauthenticated],
      [403, Code.PermissionDenied],
      [404, Code.Unimplemented],
      [429, Code.Unavailable],
      [502, Code.Unavailable],
      [503, Code.Unavailable],
      [418, Code.Unknown],
    ] as const) {
      const { error } = await doGet({ status, header: { "content-type": "text/plain" } });
      expect([error?.code, error?.message.includes(`HTTP ${status}`)]).toEqual([code, true]);
    }
    // Envoy answers a dead upstream like this: the gRPC status is the better one.
    const both = await doGet({ status: 503, header: { "grpc-status": "14", "grpc-message": "no%20upstream" } });
    expect([both.error?.code, both.error?.rawMessage]).toEqual([Code.Unavailable, "no upstream"]);
  });

  test("a compressed message, which was not offered, is refused and the exchange ended", async () => {
    const { error, scripted } = await doGet({ body: [envelope(Uint8Array.of(1), 1), message] });
    expect(error?.code).toBe(Code.Internal);
    expect(scripted.seen.cancelled).toBe(true);
  });

  test("a message beyond maxMessageBytes ends the exchange", async () => {
    const { count, error, scripted } = await doGet(
      { body: [message, envelope(new Uint8Array(1000))] },
      { maxMessageBytes: 100 },
    );
    expect([count, error?.code, scripted.seen.cancelled]).toEqual([1, Code.ResourceExhausted, true]);
  });
});

describe("gRPC-Web", () => {
  const trailers = webTrailer("grpc-status: 5\r\nGrpc-Message:not%20here\r\nx-a: 1\r\nx-a: 2\r\nbroken line\r\n");
  for (const size of [1, 2, 5, 7, 1000]) {
    test(`trailers in the body, in chunks of ${size}`, async () => {
      const { count, error } = await doGet({ ...web, body: cut(join(message, trailers), size) });
      expect([count, error?.code, error?.rawMessage, error?.metadata.get("x-a")]).toEqual([
        1,
        Code.NotFound,
        "not here",
        "1, 2",
      ]);
    });
  }

  test("trailers alone in the body, and OK", async () => {
    const { count, error, trailer } = await doGet({ ...web, body: [webTrailer("grpc-status:0\r\nx-end: yes\r\n")] });
    expect([count, error, trailer?.get("x-end")]).toEqual([0, undefined, "yes"]);
  });

  test("no trailers are a cut connection; anything behind them is an error", async () => {
    expect((await doGet({ ...web, body: [message] })).error?.code).toBe(Code.Unavailable);
    const behind = await doGet({ ...web, body: [webTrailer("grpc-status: 0\r\n"), message] });
    expect(behind.error?.code).toBe(Code.Internal);
  });
});

describe("unary", () => {
  const info = envelope(toBinary(FlightInfoSchema, create(FlightInfoSchema, { totalRecords: 3n })));
  const ok = { "grpc-status": "0" };

  test("one message, and its trailers", async () => {
    let trailer: Headers | undefined;
    const answer = await clientOf(scriptedHttp({ body: [info], trailer: { ...ok, a: "b" } })).getFlightInfo(
      {},
      {
        onTrailer: (t) => {
          trailer = t;
        },
      },
    );
    expect([answer.totalRecords, trailer?.get("a")]).toEqual([3n, "b"]);
  });

  test("none or two are errors; an error after the message wins over it", async () => {
    const code = (answer: Answer): Promise<unknown> =>
      clientOf(scriptedHttp(answer))
        .getFlightInfo({})
        .catch((e: ConnectError) => e.code);
    expect(await code({ trailer: ok })).toBe(Code.Unimplemented);
    expect(await code({ body: [info, info], trailer: ok })).toBe(Code.Unimplemented);
    expect(await code({ body: [info], trailer: { "grpc-status": "13" } })).toBe(Code.Internal);
  });
});

describe("request headers", () => {
  async function sent(answer: Answer, timeoutMs?: number): Promise<Headers> {
    const scripted = scriptedHttp(answer);
    await clientOf(scripted)
      .getFlightInfo({}, { headers: { "x-mine": "1" }, ...(timeoutMs !== undefined && { timeoutMs }) })
      .catch(() => {});
    return scripted.requests[0]!.header;
  }

  test("gRPC", async () => {
    const header = await sent({});
    expect(Object.fromEntries(header)).toEqual({ "content-type": "application/grpc", te: "trailers", "x-mine": "1" });
  });

  test("gRPC-Web", async () => {
    const header = await sent(web);
    expect(Object.fromEntries(header)).toEqual({
      "content-type": "application/grpc-web+proto",
      "x-grpc-web": "1",
      "x-mine": "1",
    });
  });

  for (const [ms, text] of [
    [1, "1m"],
    [1500.2, "1501m"],
    [99_999_999, "99999999m"],
    [100_000_000, "100000S"],
  ] as const) {
    test(`a deadline of ${ms} ms`, async () => {
      expect((await sent({}, ms)).get("grpc-timeout")).toBe(text);
    });
  }
});
