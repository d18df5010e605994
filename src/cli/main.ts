#!/usr/bin/env node
import { bridge, bridgeUsage } from "./bridge.ts";
import { serve, serveUsage } from "./serve.ts";

const commands: Readonly<Record<string, { run(args: string[]): Promise<void>; usage: string }>> = {
  serve: { run: serve, usage: serveUsage },
  bridge: { run: bridge, usage: bridgeUsage },
};

const [name = "help", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;

if (command === undefined || args.includes("--help") || args.includes("-h")) {
  const usage =
    command?.usage ??
    Object.values(commands)
      .map((c) => c.usage)
      .join("\n\n\n");
  const asked = command !== undefined || ["help", "--help", "-h"].includes(name);
  if (!asked) console.error(`flightsql: there is no command "${name}".\n`);
  console.log(usage);
  process.exitCode = asked ? 0 : 2;
} else {
  try {
    await command.run(args);
  } catch (reason) {
    console.error(`flightsql ${name}: ${reason instanceof Error ? reason.message : reason}`);
    process.exitCode = 1;
  }
}
