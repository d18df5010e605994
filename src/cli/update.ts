import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { connect, connectionHelp, connectionOptions } from "./connect.ts";
import { exitCodes } from "./failure.ts";
import { interruptible } from "./interrupt.ts";
import { readParameters, readSql, statementHelp, statementOptions, withNegatives } from "./statement.ts";

export const command: Command = {
  usage: `flightsql update [options] [SQL | -]

Runs a statement that changes data or definitions, and prints how many rows it changed. It is sent once, whatever
happens: after a lost connection, look before you repeat it.

  flightsql update "DELETE FROM flights WHERE year < ?" -p 2001

${statementHelp}

${connectionHelp}

${exitCodes}`,

  async run(args) {
    const { values, positionals } = parseArgs({
      args: withNegatives(args),
      allowPositionals: true,
      options: { ...statementOptions, ...connectionOptions },
    });
    const params = readParameters(values);
    const sql = await readSql(positionals, values);
    const client = connect(values);
    const stopping = new AbortController();
    try {
      const count = await interruptible(
        async () => stopping.abort(),
        () => client.executeUpdate(sql, params, { signal: stopping.signal }),
      );
      console.log(
        count < 0n
          ? "done; the server does not say how many rows changed"
          : `${count} ${count === 1n ? "row" : "rows"} changed`,
      );
    } finally {
      await client.close();
    }
  },
};
