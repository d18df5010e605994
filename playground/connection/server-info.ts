import type { FlightSqlClient } from "flightsql";

/** SqlInfo numbers, FlightSql.proto. */
const SERVER_NAME = 0;
const SERVER_VERSION = 1;

/** Milliseconds that a server gets to say who it is. */
const LIMIT_MS = 10_000;

/** The server's name and version, "" for what it does not tell: nothing else depends on it. */
export async function serverName(client: Pick<FlightSqlClient, "getSqlInfo">): Promise<string> {
  const info = await client.getSqlInfo([SERVER_NAME, SERVER_VERSION], { timeoutMs: LIMIT_MS }).catch(() => new Map());
  const parts = [info.get(SERVER_NAME), info.get(SERVER_VERSION)];
  return parts.filter((part) => typeof part === "string" && part !== "").join(" ");
}
