import { readFileSync } from "node:fs";
import type { Command } from "./command.ts";
import { failure } from "./failure.ts";

// Loaded when asked for: a query needs no DuckDB.
const commands: Readonly<Record<string, { summary: string; load: () => Promise<{ command: Command }> }>> = {
  query: { summary: "runs a query and prints its rows", load: () => import("./query.ts") },
  update: { summary: "runs a statement that changes data", load: () => import("./update.ts") },
  tables: { summary: "lists tables", load: () => import("./tables.ts") },
  describe: { summary: "lists the columns of a table", load: () => import("./describe.ts") },
  playground: { summary: "a page in your browser to explore a server with", load: () => import("./playground.ts") },
  serve: {
    summary: "serves data files, or a DuckDB database, as a Flight SQL server",
    load: () => import("./serve.ts"),
  },
  bridge: { summary: "lets browsers call a gRPC server", load: () => import("./bridge.ts") },
};

const usage = `flightsql COMMAND [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join("\n")}

  flightsql COMMAND --help   what a command takes
  flightsql --version

Try it:
  flightsql serve flights.parquet
  flightsql query --url grpc://127.0.0.1:31337 "SELECT count(*) FROM flights"`;

const [name = "--help", ...args] = process.argv.slice(2);
const options = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;

if (name === "--version" || name === "-V") {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  console.log(version);
} else if (Object.hasOwn(commands, name)) {
  const { load } = commands[name]!;
  try {
    const { command } = await load();
    if (options.includes("--help") || options.includes("-h")) console.log(command.usage);
    else await command.run(args);
  } catch (thrown) {
    const { code, text } = failure(thrown, name);
    if (text !== "") console.error(text);
    // Not by exitCode alone: what a cancelled command still holds open must not keep the prompt.
    process.exit(code);
  }
} else {
  const isAsked = ["help", "--help", "-h"].includes(name);
  // A url in the command's place may have a password in it.
  if (!isAsked)
    console.error(`flightsql: ${/^\w+$/.test(name) ? `there is no command "${name}"` : "the command comes first"}.\n`);
  (isAsked ? console.log : console.error)(usage);
  process.exitCode = isAsked ? 0 : 2;
}
