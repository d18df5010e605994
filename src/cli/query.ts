import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { connect, connectionHelp, connectionOptions } from "./connect.ts";
import { exitCodes } from "./failure.ts";
import { openOutput, outputHelp, outputOptions } from "./output.ts";
import { printResult } from "./print.ts";
import { readParameters, readSql, statementHelp, statementOptions, withNegatives } from "./statement.ts";

export const command: Command = {
  usage: `flightsql query [options] [SQL | -]

Runs a query and prints its rows as they come. The statement is sent once, as a query: for one that changes data, use
flightsql update.

  flightsql query --url grpc://127.0.0.1:31337 "SELECT * FROM flights LIMIT 10"
  flightsql query "SELECT * FROM flights WHERE origin = ?" -p SFO --format ndjson | jq .delay
  flightsql query -f report.sql -o report.csv

${statementHelp}

${outputHelp}

${connectionHelp}

Ctrl-C cancels the query at the server; a second one leaves at once. A reader of the output that closes (| head) cancels
too, and is no failure. ${exitCodes}`,

  async run(args) {
    const { values, positionals } = parseArgs({
      args: withNegatives(args),
      allowPositionals: true,
      options: { ...statementOptions, ...outputOptions, ...connectionOptions },
    });
    const params = readParameters(values);
    const sql = await readSql(positionals, values);
    const client = connect(values);
    const output = openOutput(values);
    await printResult(client, output, (options) => client.query(sql, params, options));
  },
};
