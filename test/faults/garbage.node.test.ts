// Bytes inside of good messages that are not what they should be: what no transport looks at is an error of ours too.

import { create, toBinary } from "@bufbuild/protobuf";
import type { FlightSqlClient } from "flightsql";
import { beforeEach, expect, test } from "vitest";
import { FlightInfoSchema, PutResultSchema, ResultSchema, SchemaResultSchema } from "../../src/gen/Flight_pb.ts";
import { numbers } from "./answers.ts";
import { rawServer } from "./dead-ends.ts";
import { connect, expectGoodQuery, failure, watchRejections } from "./expect.ts";
import { only } from "./raw-server.ts";

beforeEach(() => watchRejections());

const wrong: Readonly<Record<string, Uint8Array>> = {
  "a tag without its value": Uint8Array.of(0x0a, 0x7f, 1),
  "a number where bytes are due": Uint8Array.of(0x08, 0x80),
  text: new TextEncoder().encode("<html>sorry</html>"),
};

type Call = (client: FlightSqlClient) => Promise<unknown>;

const places: Readonly<Record<string, readonly [method: string, message: (bytes: Uint8Array) => Uint8Array, Call]>> = {
  "the schema of a FlightInfo": [
    "GetFlightInfo",
    (schema) => toBinary(FlightInfoSchema, create(FlightInfoSchema, { schema, endpoint: [{}] })),
    (client) => client.query("q").schema(),
  ],
  "the schema of GetSchema": [
    "GetSchema",
    (schema) => toBinary(SchemaResultSchema, create(SchemaResultSchema, { schema })),
    (client) => client.getSchema("q"),
  ],
  ...Object.fromEntries(
    (
      [
        ["beginTransaction", (client) => client.beginTransaction()],
        ["prepare", (client) => client.prepare("q")],
        ["a query with parameters", (client) => client.query("q", [1]).all()],
        ["getSessionOptions", (client) => client.getSessionOptions()],
        ["setSessionOptions", (client) => client.setSessionOptions({ a: "b" })],
        ["closeSession", (client) => client.closeSession()],
      ] as const satisfies readonly (readonly [string, Call])[]
    ).map(([name, call]) => [
      `the result of ${name}`,
      ["DoAction", (body: Uint8Array) => toBinary(ResultSchema, create(ResultSchema, { body })), call] as const,
    ]),
  ),
  "the count of an update": [
    "DoPut",
    (appMetadata) => toBinary(PutResultSchema, create(PutResultSchema, { appMetadata })),
    (client) => client.executeUpdate("q"),
  ],
  "the count of an ingest": [
    "DoPut",
    (appMetadata) => toBinary(PutResultSchema, create(PutResultSchema, { appMetadata })),
    (client) => client.ingest("t", [numbers(1)]),
  ],
};

for (const [place, [method, message, call]] of Object.entries(places))
  for (const [what, bytes] of Object.entries(wrong))
    test(`${place}: ${what}`, { timeout: 20_000 }, async () => {
      const server = await rawServer();
      const client = connect(server.url);
      server.script = only(method, (stream) => stream.answer({ messages: [message(bytes)] }));
      const error = await failure(call(client), 15_000);
      expect(error.code).toMatch(/^(internal|data_loss|unimplemented)$/);
      expect(error.message).toMatch(/cannot be read as|answered with|schema that the server sent/);
      server.script = undefined;
      await expectGoodQuery(client);
    });
