// Starts a server of bench/servers/ in a process of its own.

import { fileURLToPath } from "node:url";
import { launch, type Running } from "../../test/interop/process.ts";
import { builtProgram } from "./programs.ts";

export function startOwn(file: string, ...args: string[]): Promise<Running> {
  return launch({
    command: process.execPath,
    args: [builtProgram(file), ...args],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    ready: /listening on \S+:(\d+)/,
  });
}
