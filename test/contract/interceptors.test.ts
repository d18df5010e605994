import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { numbers } from "../support/router.ts";
import { expectFailure } from "./expect.ts";
import { connect, rowsOf, scripted, threeRows } from "./scripted.ts";

/** Middleware as Arrow knows it: adds a header, and reads headers ∪ trailers of every call, failed ones too. */
function middleware() {
  const seen: [method: string, values: string[]][] = [];
  const note = (method: string, ...all: Headers[]): void => {
    const values = all.flatMap((headers) => ["x-in-header", "x-in-trailer"].flatMap((name) => headers.get(name) ?? []));
    seen.push([method, values.sort()]);
  };
  const interceptor: Interceptor = (next) => async (request) => {
    request.header.set("x-middleware", "expected value");
    const method = request.method.name;
    try {
      const response = await next(request);
      if (!response.stream) {
        note(method, response.header, response.trailer);
        return response;
      }
      const { message, header, trailer } = response;
      const watched = async function* () {
        try {
          yield* message;
        } catch (thrown) {
          note(method, ConnectError.from(thrown).metadata);
          throw thrown;
        }
        note(method, header, trailer);
      };
      return { ...response, message: watched() as typeof message };
    } catch (thrown) {
      note(method, ConnectError.from(thrown).metadata);
      throw thrown;
    }
  };
  return { seen, interceptor };
}

const both = { "x-in-header": "h", "x-in-trailer": "t" };

test("see headers and trailers of calls that succeed, and add headers of their own", async () => {
  const server = scripted(threeRows, ({ answer }) => {
    answer.header.set("x-in-header", "h");
    answer.trailer.set("x-in-trailer", "t");
  });
  const { seen, interceptor } = middleware();
  expect(
    await rowsOf(connect({ url: "http://scripted.example", fetch: server.fetch, interceptors: [interceptor] })),
  ).toEqual([1, 2, 3]);
  expect(seen).toEqual([
    ["GetFlightInfo", ["h", "t"]],
    ["DoGet", ["h", "t"]],
  ]);
  expect(server.heard.map(({ header }) => header.get("x-middleware"))).toEqual(["expected value", "expected value"]);
});

test("see them of calls that fail at once", async () => {
  const server = scripted(threeRows, () => {
    throw new ConnectError("no", Code.NotFound, both);
  });
  const { seen, interceptor } = middleware();
  const client = connect({ url: "http://scripted.example", fetch: server.fetch, interceptors: [interceptor] });
  const error = await expectFailure(rowsOf(client), "not_found");
  expect(error.metadata.get("x-in-header")).toBe("h");
  expect(error.metadata.get("x-in-trailer")).toBe("t");
  expect(seen).toEqual([["GetFlightInfo", ["h", "t"]]]);
});

test("see them of streams that fail after their first batch: headers from the start, trailers from the end", async () => {
  const server = scripted({
    ...threeRows,
    async doGet(_, call) {
      call.responseHeader.set("x-in-header", "h");
      const chunks = async function* () {
        yield { batch: numbers(1) };
        throw new ConnectError("the disk is on fire", Code.Internal, { "x-in-trailer": "t" });
      };
      return { schema: numbers(1).schema, chunks: chunks() };
    },
  });
  const { seen, interceptor } = middleware();
  const client = connect({ url: "http://scripted.example", fetch: server.fetch, interceptors: [interceptor] });
  const error = await expectFailure(rowsOf(client), "internal");
  expect([error.metadata.get("x-in-header"), error.metadata.get("x-in-trailer")]).toEqual(["h", "t"]);
  expect(seen.at(-1)).toEqual(["DoGet", ["h", "t"]]);
});

test("belong to the transport: both given are refused", () => {
  const { transport } = scripted(threeRows);
  expect(() => connect({ url: "http://scripted.example", transport, interceptors: [] })).toThrow("interceptors");
});
