import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { FlightInfo, SessionOptionValue } from "flightsql";
import { describe, expect, test } from "vitest";
import {
  CancelFlightInfoResultSchema,
  CancelStatus,
  CloseSessionResult_Status,
  CloseSessionResultSchema,
  FlightInfoSchema,
  GetSessionOptionsResultSchema,
  type SessionOptionValue as SessionOptionMessage,
  SetSessionOptionsResult_ErrorValue,
  SetSessionOptionsResultSchema,
} from "../../src/gen/Flight_pb.ts";
import {
  type ActionCancelQueryRequest,
  ActionCancelQueryResult_CancelResult,
  ActionCancelQueryResultSchema,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { expectFailure } from "./expect.ts";
import { connect, infoOf, scripted, threeRows, utf8, ways } from "./scripted.ts";

describe.each(Object.entries(ways))("over %s", (_, way) => {
  describe("session options", () => {
    /** Keeps what is set, and refuses three names. */
    function keeper(): { backend: Backend; kinds: () => Record<string, string | undefined> } {
      const kept = new Map<string, SessionOptionMessage>();
      const set: Record<string, string | undefined> = {};
      const refused: Record<string, SetSessionOptionsResult_ErrorValue> = {
        bad_name: SetSessionOptionsResult_ErrorValue.INVALID_NAME,
        bad_value: SetSessionOptionsResult_ErrorValue.INVALID_VALUE,
        broken: SetSessionOptionsResult_ErrorValue.ERROR,
        odd: SetSessionOptionsResult_ErrorValue.UNSPECIFIED,
      };
      const backend: Backend = {
        async *doAction(action) {
          if (action.kind !== "standard") throw new Error(action.type);
          if (action.type === "GetSessionOptions") {
            yield create(GetSessionOptionsResultSchema, { sessionOptions: Object.fromEntries(kept) });
            return;
          }
          const { sessionOptions } = action.request as { sessionOptions: Record<string, SessionOptionMessage> };
          const errors: Record<string, { value: SetSessionOptionsResult_ErrorValue }> = {};
          for (const [name, value] of Object.entries(sessionOptions)) {
            set[name] = value.optionValue.case;
            if (refused[name] !== undefined) errors[name] = { value: refused[name] };
            else if (value.optionValue.case === undefined) kept.delete(name);
            else kept.set(name, value);
          }
          yield create(SetSessionOptionsResultSchema, { errors });
        },
      };
      return { backend, kinds: () => set };
    }

    test("of every type come back as they went, and null erases", async () => {
      const { backend, kinds } = keeper();
      const client = connect(way(scripted(backend)));
      const values: Record<string, SessionOptionValue> = {
        text: "grün",
        empty: "",
        yes: true,
        no: false,
        big: -(2n ** 63n),
        zero: 0n,
        real: 456,
        tiny: 5e-324,
        list: ["a", "", "ü"],
        none: [],
      };
      expect(await client.setSessionOptions(values)).toEqual(new Map());
      expect(kinds()).toEqual({
        text: "stringValue",
        empty: "stringValue",
        yes: "boolValue",
        no: "boolValue",
        big: "int64Value",
        zero: "int64Value",
        real: "doubleValue",
        tiny: "doubleValue",
        list: "stringListValue",
        none: "stringListValue",
      });
      expect(await client.getSessionOptions()).toEqual(new Map(Object.entries(values)));
      await client.setSessionOptions({ text: null, list: null });
      const { text: _, list: __, ...rest } = values;
      expect(await client.getSessionOptions()).toEqual(new Map(Object.entries(rest)));
    });

    test("that are refused are named, with the reason", async () => {
      const client = connect(way(scripted(keeper().backend)));
      const refused = await client.setSessionOptions({ bad_name: "", bad_value: "", broken: "", odd: "", fine: "" });
      expect(Object.fromEntries(refused)).toEqual({
        bad_name: "invalid_name",
        bad_value: "invalid_value",
        broken: "error",
        odd: "unspecified",
      });
      expect([...(await client.getSessionOptions()).keys()]).toEqual(["fine"]);
    });

    for (const [status, name] of [
      [CloseSessionResult_Status.CLOSED, "closed"],
      [CloseSessionResult_Status.CLOSING, "closing"],
      [CloseSessionResult_Status.NOT_CLOSEABLE, "not_closeable"],
      [CloseSessionResult_Status.UNSPECIFIED, "unspecified"],
    ] as const) {
      test(`closeSession: ${name}`, async () => {
        const backend: Backend = {
          async *doAction() {
            yield create(CloseSessionResultSchema, { status });
          },
        };
        expect(await connect(way(scripted(backend))).closeSession()).toBe(name);
      });
    }
  });

  describe("cancel", () => {
    const descriptor = { ...threeRows, getFlightInfo: async () => ({ ...infoOf([]), appMetadata: utf8("which one") }) };

    async function planned(
      backend: Backend,
    ): Promise<{ client: ReturnType<typeof connect>; info: FlightInfo; server: ReturnType<typeof scripted> }> {
      const server = scripted({ ...descriptor, ...backend });
      const client = connect(way(server));
      return { client, server, info: await client.execute("q") };
    }

    for (const code of [Code.Unimplemented, Code.InvalidArgument]) {
      test(`falls back to CancelQuery, with the same FlightInfo, when CancelFlightInfo is ${Code[code]}`, async () => {
        const types: string[] = [];
        const { client, info } = await planned({
          async *doAction(action) {
            types.push(action.type);
            if (action.type === "CancelFlightInfo") throw new ConnectError("the defined request is invalid.", code);
            const { info } = (action as { request: unknown }).request as ActionCancelQueryRequest;
            expect(fromBinary(FlightInfoSchema, info).appMetadata).toEqual(utf8("which one"));
            yield create(ActionCancelQueryResultSchema, { result: ActionCancelQueryResult_CancelResult.CANCELLING });
          },
        });
        expect(await client.cancel(info)).toBe("cancelling");
        expect(types).toEqual(["CancelFlightInfo", "CancelQuery"]);
      });
    }

    for (const [status, name] of [
      [CancelStatus.CANCELLED, "cancelled"],
      [CancelStatus.CANCELLING, "cancelling"],
      [CancelStatus.NOT_CANCELLABLE, "not_cancellable"],
      [CancelStatus.UNSPECIFIED, "unspecified"],
    ] as const) {
      test(`CancelFlightInfo: ${name}`, async () => {
        const { client, info } = await planned({
          async *doAction() {
            yield create(CancelFlightInfoResultSchema, { status });
          },
        });
        expect(await client.cancel(info)).toBe(name);
      });
    }

    test("other failures are its own, and nothing is asked twice", async () => {
      const { client, info, server } = await planned({
        // biome-ignore lint/correctness/useYield: it fails before it has anything to yield
        async *doAction() {
          throw new ConnectError("no such query", Code.NotFound);
        },
      });
      await expectFailure(client.cancel(info), "not_found");
      expect(server.count("DoAction")).toBe(1);
    });

    test("has a limit of its own of 5 seconds, which can be given", async () => {
      const { client, info, server } = await planned({
        async *doAction(_, { signal }) {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          throw new ConnectError("left", Code.Canceled);
        },
      });
      await expectFailure(client.cancel(info, { timeoutMs: 50 }), "deadline_exceeded");
      await expectFailure(client.cancel(info, { signal: AbortSignal.timeout(50) }), "deadline_exceeded");
      const { header } = server.heard.at(-1)!;
      const sent = header.get("grpc-timeout") ?? header.get("connect-timeout-ms");
      expect(Number.parseInt(sent!, 10)).toBeLessThanOrEqual(5000);
    });

    test("a result's cancel() gives up in silence when the server does", async () => {
      const { client } = await planned({
        // biome-ignore lint/correctness/useYield: it fails before it has anything to yield
        async *doAction() {
          throw new ConnectError("no", Code.PermissionDenied);
        },
      });
      const result = client.query("q");
      await result.info();
      expect(await result.cancel()).toBe("unspecified");
      await expectFailure(result.table(), "canceled");
    });
  });
});
