#!/usr/bin/env node

// DuckDB waits for a result's next rows in one of libuv's threads, of which there are four: so many results that pause for
// long would stop all the others. Their number must be set before the first is used, and loading modules uses them; so
// this file is CommonJS, and nothing is loaded before it is done.
if (process.argv[2] === "serve") process.env.UV_THREADPOOL_SIZE ??= "64";
import("./main.ts");
