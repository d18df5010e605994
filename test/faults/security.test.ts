// Headers, names and columns that somebody chose to do harm with.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Field, makeData, RecordBatch, Schema, Struct, vectorFromArray } from "apache-arrow";
import type { ClientOptions } from "flightsql";
import { describe, expect, test } from "vitest";
import { GetSessionOptionsResultSchema } from "../../src/gen/Flight_pb.ts";
import { expectFailure } from "../contract/expect.ts";
import { connect, infoOf, resultOf, scripted, threeRows, ways } from "../contract/scripted.ts";

describe.each(Object.entries(ways))("over %s", (_, way) => {
  describe("header injection", () => {
    test.each([
      ["a line break in a value", { a: "s3cret\r\nauthorization: Bearer x" }],
      ["a line feed", { a: "s3cret\nb: c" }],
      ["a null", { a: "s3cret\0" }],
      ["a character beyond ASCII", { a: "s3crét" }],
      ["a line break in a name", { "a\r\nb": "s3cret" }],
      ["a colon in a name", { "a: b": "s3cret" }],
      ["a pseudo header", { ":path": "s3cret" }],
      ["an empty name", { "": "s3cret" }],
    ])("%s is refused, unsent and unquoted", async (_, metadata) => {
      const server = scripted(threeRows);
      for (const call of [
        connect({ ...way(server), metadata }).execute("q"),
        connect(way(server)).execute("q", { metadata }),
        connect(way(server)).executeUpdate("q", undefined, { metadata }),
      ]) {
        const error = await expectFailure(call, "invalid_argument");
        expect(error.message).toMatch(/metadata/);
        expect(`${error.message}${error.stack}`).not.toMatch(/s3cr/);
      }
      expect(server.heard).toEqual([]);
    });

    test.each(["s3cret\r\nx: y", "s3crét"])("a token like %j is refused, unsent and unquoted", async (token) => {
      const server = scripted(threeRows);
      for (const given of [token, async () => token]) {
        const error = await expectFailure(connect({ ...way(server), token: given }).execute("q"), "invalid_argument");
        expect(`${error.message}${error.stack}`).not.toMatch(/s3cr/);
      }
      expect(server.heard).toEqual([]);
    });

    test("bytes go as base64, whatever they are", async () => {
      const server = scripted(threeRows);
      await connect(way(server)).execute("q", { metadata: { "a-bin": new TextEncoder().encode("\r\nb: c") } });
      expect(server.heard[0]!.header.get("b")).toBeNull();
      expect(atob(server.heard[0]!.header.get("a-bin")!)).toBe("\r\nb: c");
    });
  });

  test("metadata may be called anything that a header may", async () => {
    const names = ["__proto__", "constructor", "toString", "hasownproperty"];
    const metadata = JSON.parse(`{${names.map((name) => `"${name}": "x"`).join()}}`) as Record<string, string>;
    const server = scripted(threeRows, () => {
      throw new ConnectError("no", Code.NotFound, new Headers(Object.entries(metadata)));
    });
    for (const call of [
      connect({ ...way(server), metadata }).execute("q"),
      connect(way(server)).execute("q", { metadata }),
    ]) {
      const error = await expectFailure(call, "not_found");
      expect(names.map((name) => error.metadata.get(name))).toEqual(names.map(() => "x"));
    }
    for (const { header } of server.heard) expect(names.map((name) => header.get(name))).toEqual(names.map(() => "x"));
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe("prototype pollution", () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__"];
  // A struct as the value: assigned instead of defined, it would become the prototype of the row.
  const value = vectorFromArray([{ polluted: 1 }]).data[0]!;
  const fields = names.map((name) => new Field(name, value.type, true));
  const children = names.map(() => value);
  const data = makeData({ type: new Struct(fields), length: 1, nullCount: 0, children });
  const evil = new RecordBatch(new Schema(fields), data);

  function expectUnharmed(row: object): void {
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    expect(Object.keys(row)).toEqual(names);
    for (const name of names) {
      expect(Object.getOwnPropertyDescriptor(row, name)?.value).toEqual({ polluted: 1 });
    }
    expect((row as { polluted?: number }).polluted).toBeUndefined();
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  }

  test("by column names is impossible", async () => {
    const server = scripted({ getFlightInfo: async () => infoOf([]), doGet: async () => resultOf(evil) });
    const client = connect(ways["gRPC-Web"](server));
    const rows: object[] = [...(await client.query("q").all<object>())];
    for await (const row of client.query("q").rows<object>()) rows.push(row);
    for await (const batch of client.query("q").rowBatches<object>()) rows.push(...batch);
    rows.push(...(await client.doGet(new Uint8Array(1)).readRows<object>()));
    expect(rows).toHaveLength(4);
    for (const row of rows) expectUnharmed(row);
    const [array] = await client.query("q").all<unknown[]>({ as: "array" });
    expect(array).toEqual(names.map(() => ({ polluted: 1 })));
  });

  test("by names inside of a column is impossible", async () => {
    const outer = makeData({ type: new Struct([new Field("s", data.type, true)]), length: 1, children: [data] });
    const nested = new RecordBatch(new Schema(outer.type.children), outer);
    const server = scripted({ getFlightInfo: async () => infoOf([]), doGet: async () => resultOf(nested) });
    const [row] = await connect(ways["gRPC-Web"](server)).query("q").all<{ s: object }>();
    expectUnharmed(row!.s);
  });

  test("by names of session options is impossible", async () => {
    const set = JSON.parse(`{${names.map((name) => `"${name}": "x"`).join()}}`) as Record<string, string>;
    let seen: readonly string[] = [];
    const server = scripted({
      async *doAction({ type, ...action }) {
        if (type === "SetSessionOptions") {
          const { request } = action as unknown as { request: { sessionOptions: object } };
          seen = Object.keys(request.sessionOptions);
          yield new Uint8Array(0);
        } else {
          const sessionOptions = Object.fromEntries(
            names.map((name) => [name, { optionValue: { case: "stringValue" as const, value: "x" } }]),
          );
          yield create(GetSessionOptionsResultSchema, { sessionOptions });
        }
      },
    });
    const client = connect(ways["gRPC-Web"](server));
    const options = await client.getSessionOptions();
    // A protobuf map is a plain object: what is called __proto__ gets lost in it, and does no other harm.
    const others = names.filter((name) => name !== "__proto__");
    expect([...options.keys()].filter((name) => name !== "__proto__")).toEqual(others);
    await client.setSessionOptions(set);
    expect(seen.filter((name) => name !== "__proto__")).toEqual(others);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as { optionValue?: unknown }).optionValue).toBeUndefined();
  });
});

describe("metadata of a single call", () => {
  const secure = "grpc+tls://origin.example:1";

  async function seenBy(location: string, endpoints: ClientOptions["endpoints"] = {}): Promise<string | null> {
    const origin = scripted({ getFlightInfo: async () => infoOf([location]) });
    const far = scripted(threeRows);
    const client = connect({
      url: secure,
      endpoints,
      transport: (uri) => (uri === secure ? origin : far).transport,
    });
    const rows = await client.query("q", undefined, { metadata: { authorization: "Bearer s3cret" } }).all();
    expect(rows).toHaveLength(3);
    return far.heard[0]!.header.get("authorization");
  }

  test("goes where the client's own may go, and nowhere else", async () => {
    expect(await seenBy("grpc+tls://far.example:1")).toBe("Bearer s3cret");
    expect(await seenBy("grpc://far.example:1")).toBeNull();
    expect(await seenBy("grpc+tls://far.example:1", { credentials: "origin" })).toBeNull();
  });

  test("is not repeated by an error that quotes it", async () => {
    const server = scripted(threeRows, () => {
      throw new ConnectError("Bearer s3cret is no good", Code.PermissionDenied, { "x-why": "s3cret" });
    });
    const client = connect(ways["gRPC-Web"](server));
    const call = client.execute("q", { metadata: { Authorization: "Bearer s3cret" } });
    const error = await expectFailure(call, "permission_denied");
    expect(error.message).toContain("[redacted]");
    expect(`${error.stack}${JSON.stringify([...error.metadata])}`).not.toContain("s3cret");
  });
});
