// The floor: a hand-written reader that keeps every message but decodes nothing.
//
// With the argument "loaded" in a process that has loaded this package and apache-arrow without using them. V8 does not
// start a collection for memory outside its heap while the heap is below 8 MB, as a bare script's is; any application's
// is larger, and there the same reader pays for the ArrayBuffers that node:http2 makes of what it reads.

import type { ClientHttp2Session } from "node:http2";
import { serveJobs } from "../harness/client.ts";
import { loadPackage } from "./ours.ts";
import { openSession, readMessages } from "./wire.ts";

if (process.argv[2] === "loaded") await loadPackage();

let session: ClientHttp2Session | undefined;
await serveJobs(
  async ({ url, statement }) => {
    session ??= openSession(url);
    const messages = await readMessages(session, statement);
    return { bytes: messages.reduce((sum, message) => sum + message.length, 0) };
  },
  async () => session?.close(),
);
