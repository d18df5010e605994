// A page of somebody's: it shows what it finds out.
import { FlightSqlClient, FlightSqlError } from "flightsql";
import { FlightSqlClient as SameClient } from "flightsql/web";

const client = new FlightSqlClient(new URLSearchParams(location.search).get("server"));

async function ask() {
  const table = await client.query("SELECT origin FROM flights LIMIT 1000").table();
  // Parameters are written by code that comes when the first call needs it: a chunk of its own.
  const rows = await client.query("SELECT ? + 1 AS n", [41n]).all();
  const refused = await client
    .query("SELECT * FROM nowhere")
    .all()
    .catch((error) => error);
  return {
    isOneCopy: FlightSqlClient === SameClient,
    rows: table.numRows,
    n: String(rows[0].n),
    refused: refused instanceof FlightSqlError && refused.code,
  };
}

document.body.textContent = await ask().then(JSON.stringify, String);
await client.close();
