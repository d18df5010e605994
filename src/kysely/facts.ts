import type { FlightSqlClient } from "../sql/client.ts";
import type { CallOptions } from "../sql/index.ts";

// Numbers of SqlInfo in FlightSql.proto.
const transaction = 8; // FLIGHT_SQL_SERVER_TRANSACTION
const quoteCharacter = 504; // SQL_IDENTIFIER_QUOTE_CHAR
const ddlCommits = 565; // SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT
const ddlIsIgnored = 566; // SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED

/** What a server says of its SQL, as far as a dialect needs it. */
export interface Facts {
  /** Undefined when the server does not say. */
  readonly quote: string | undefined;
  readonly transactionalDdl: boolean;
}

/** One GetSqlInfo. Servers that do not know it, or not all of it, are taken to say nothing. */
export async function readFacts(client: FlightSqlClient, options: CallOptions): Promise<Facts> {
  const info = await client.getSqlInfo([transaction, quoteCharacter, ddlCommits, ddlIsIgnored], options);
  const quote = info.get(quoteCharacter);
  return {
    // A blank stands for a server that quotes nothing, or has not thought of it.
    quote: typeof quote === "string" && quote.trim() !== "" ? quote : undefined,
    // 0 is "none"; some servers send the numbers of enumerations as int64.
    transactionalDdl:
      Number(info.get(transaction) ?? 0) > 0 && info.get(ddlCommits) === false && info.get(ddlIsIgnored) === false,
  };
}
