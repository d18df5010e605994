// Starts a server of bench/servers/ in a process of its own.

import { fileURLToPath } from "node:url";
import { launch, type Running } from "../../test/interop/process.ts";

export function startOwn(file: string, ...args: string[]): Promise<Running> {
  return launch({
    command: process.execPath,
    args: ["--import", "tsx", fileURLToPath(new URL(`../servers/${file}`, import.meta.url)), ...args],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    ready: /listening on \S+:(\d+)/,
  });
}
