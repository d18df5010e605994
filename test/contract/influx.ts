import { DataType } from "apache-arrow";
import { type ClientOptions, FlightSqlClient } from "flightsql";
import { expect, onTestFinished, test } from "vitest";
import { home, influxDatabase, influxToken } from "../support/influx-backend.ts";
import { expectFailure } from "./expect.ts";

/** The look-alike of InfluxDB 3 as one platform reaches it; the address is asked for when a test runs. */
export function describeInflux(address: () => ClientOptions): void {
  const credentials = { token: influxToken, metadata: { database: influxDatabase } };
  const connect = (options: Partial<ClientOptions> = credentials): FlightSqlClient => {
    const client = new FlightSqlClient({ timeoutMs: 10_000, ...address(), ...options });
    onTestFinished(() => client.close());
    return client;
  };

  test("token, database, execute, doGet, read all", async () => {
    // flightsql-dbapi's first example, in our names.
    const client = new FlightSqlClient({ ...address(), token: influxToken, metadata: { database: influxDatabase } });
    try {
      const info = await client.execute("SELECT * FROM home");
      const reader = client.doGet(info.endpoints[0]!.ticket);
      const table = await reader.readAll();
      expect(table.numRows).toBe(home.length);
      expect(table.schema.names).toEqual(["room", "temp", "co", "note", "time"]);
      const [room, , , note, time] = table.schema.fields;
      expect([DataType.isDictionary(room!.type), DataType.isUtf8View(note!.type), String(time!.type)]).toEqual([
        true,
        true,
        "Timestamp<NANOSECOND>",
      ]);
      expect(table.getChild("room")!.toJSON()).toEqual(home.map((row) => row.room));
      expect(table.getChild("note")!.toJSON()).toEqual(home.map((row) => row.note));
    } finally {
      await client.close();
    }
  });

  test("in one step: tags, views and nanoseconds as values", async () => {
    expect(await connect().query("SELECT * FROM home").all({ timestamp: "bigint" })).toEqual(home);
    const [row] = await connect().query("SELECT * FROM home LIMIT 1").all();
    expect(row!.time).toEqual(new Date("2022-01-01T08:00:00.123Z"));
    const [text] = await connect().query("SELECT * FROM home LIMIT 1").all({ timestamp: "string" });
    expect(text!.time).toBe("2022-01-01T08:00:00.123456789");
  });

  test("the schema is known before anything is read", async () => {
    expect((await connect().query("SELECT * FROM home").schema()).names).toHaveLength(5);
  });

  test("tables, with their schemas", async () => {
    const [home_] = await connect().getTables({ includeSchema: true }).tables();
    expect(home_).toMatchObject({ catalog: "public", dbSchema: "iox", name: "home", type: "BASE TABLE" });
    expect(home_!.schema?.names).toEqual(["room", "temp", "co", "note", "time"]);
  });

  test("every call needs the token and the database", async () => {
    const calls: Record<string, (client: FlightSqlClient) => Promise<unknown>> = {
      execute: (client) => client.execute("SELECT * FROM home"),
      doGet: (client) => client.doGet(Uint8Array.of(1)).readAll(),
      executeUpdate: (client) => client.executeUpdate("DELETE"),
      prepare: (client) => client.prepare("SELECT 1"),
    };
    for (const [name, call] of Object.entries(calls)) {
      await expectFailure(call(connect({ metadata: credentials.metadata })), "unauthenticated");
      const bare = await expectFailure(call(connect({ token: influxToken })), "invalid_argument");
      expect(bare.message, name).toContain("no 'database' header");
      await expectFailure(call(connect({ ...credentials, metadata: { database: "other" } })), "not_found");
    }
    const error = await expectFailure(
      connect({ ...credentials, token: "apiv3_guessed" }).execute("SELECT * FROM home"),
    );
    expect(error.code).toBe("unauthenticated");
    expect(error.message).not.toContain("apiv3_guessed");
  });

  test("what it does not do, it says", async () => {
    await expectFailure(connect().executeUpdate("INSERT INTO home VALUES (1)"), "unimplemented");
    await expectFailure(connect().prepare("SELECT 1"), "unimplemented");
    const error = await expectFailure(connect().query("SELECT * FROM missing").all(), "invalid_argument");
    expect(error.message).toContain("table 'public.iox.missing' not found");
  });
}
