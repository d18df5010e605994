import { basicAuth } from "./auth.ts";
import { appMetadata, ordered, reuseConnection } from "./endpoints.ts";
import { exchangeEcho } from "./exchange.ts";
import * as expiration from "./expiration.ts";
import { flightSqlExtension } from "./extension.ts";
import { ingestion } from "./ingestion.ts";
import { middleware } from "./middleware.ts";
import { pollFlightInfo } from "./poll.ts";
import type { Scenario } from "./scenario.ts";
import { sessionOptions } from "./session.ts";
import { flightSql } from "./sql.ts";

/** The scenarios of Arrow's integration suite (dev/archery/archery/integration/runner.py) but for its default mode. */
export const scenarios: readonly Scenario[] = [
  basicAuth,
  middleware,
  ordered,
  expiration.doGet,
  expiration.listActions,
  expiration.cancelFlightInfo,
  expiration.renewFlightEndpoint,
  reuseConnection,
  pollFlightInfo,
  appMetadata,
  sessionOptions,
  flightSql,
  flightSqlExtension,
  ingestion,
  exchangeEcho,
];
