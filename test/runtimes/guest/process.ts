// Node, Deno and Bun: PROGRAM guest.js http://127.0.0.1:PORT/NAME

import { run } from "./run.ts";

await run(process.argv[2]!);
process.exit(0);
