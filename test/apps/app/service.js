// A Node service of somebody's: a server, a bridge to it, and every way to ask it. It prints what they answer.
import { FlightSqlClient } from "flightsql";
import { bridge } from "flightsql/bridge";
import { connect } from "flightsql/dbapi";
import { FlightSqlDialect } from "flightsql/kysely";
import { listen } from "flightsql/server";
import { duckdbBackend } from "flightsql/server/duckdb";
import { Kysely } from "kysely";

const backend = await duckdbBackend();
const server = await listen(backend);
const bridged = await bridge({ upstream: `grpc://127.0.0.1:${server.port}` });
const client = new FlightSqlClient(`grpc://127.0.0.1:${server.port}`);
const web = new FlightSqlClient(bridged.url);
const answers = {};
try {
  await client.ingest("person", [{ id: 1n, name: "Ada" }]);
  answers.client = (await client.query("SELECT name FROM person WHERE id = ?", [1n]).table()).numRows;
  answers.bridge = await web.query("SELECT name FROM person").all();
  const connection = connect(client);
  answers.dbapi = await (await connection.execute("SELECT name FROM person")).fetchAll();
  await connection.close();
  const db = new Kysely({ dialect: await FlightSqlDialect.create({ client }) });
  answers.kysely = await db.selectFrom("person").select("name").execute();
  await db.destroy();
} finally {
  await web.close();
  await client.close();
  await bridged.close();
  await server.close();
  await backend.close();
}
console.log(JSON.stringify(answers));
