import { parseArgs } from "node:util";
import { type Command, UsageError } from "./command.ts";
import { connect, connectionHelp, connectionOptions } from "./connect.ts";
import { exitCodes } from "./failure.ts";
import { openOutput, outputHelp, outputOptions } from "./output.ts";
import { printResult } from "./print.ts";

export const command: Command = {
  usage: `flightsql tables [options] [PATTERN]

Lists tables. In the pattern, % is any run of characters and _ any one.

  flightsql tables 'flight%' --schema main

      --catalog NAME      those of this catalog
      --schema PATTERN    those of schemas that match

${outputHelp}

${connectionHelp}

${exitCodes}`,

  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { catalog: { type: "string" }, schema: { type: "string" }, ...outputOptions, ...connectionOptions },
    });
    const [pattern] = positionals;
    if (positionals.length > 1)
      throw new UsageError("one pattern at a time: put it in quotes, lest the shell expands it");
    const client = connect(values);
    const output = openOutput(values);
    const filter = {
      ...(pattern !== undefined && { tableNameFilterPattern: pattern }),
      ...(values.catalog !== undefined && { catalog: values.catalog }),
      ...(values.schema !== undefined && { dbSchemaFilterPattern: values.schema }),
    };
    await printResult(client, output, (options) => client.getTables(filter, options));
  },
};
