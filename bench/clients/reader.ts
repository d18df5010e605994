// The floor: a hand-written reader that keeps every message but decodes nothing.

import type { ClientHttp2Session } from "node:http2";
import { serveJobs } from "../harness/client.ts";
import { openSession, readMessages } from "./wire.ts";

let session: ClientHttp2Session | undefined;
await serveJobs(
  async ({ url, statement }) => {
    session ??= openSession(url);
    const messages = await readMessages(session, statement);
    return { bytes: messages.reduce((sum, message) => sum + message.length, 0) };
  },
  async () => session?.close(),
);
