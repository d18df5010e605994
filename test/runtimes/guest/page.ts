// A browser: http://127.0.0.1:PORT/NAME/ is the page, and what it reports to.

import { run } from "./run.ts";

// Firefox has no Request.body, which the servers read that some tests have in the page itself.
if (!("body" in Request.prototype)) {
  Object.defineProperty(Request.prototype, "body", {
    get(this: Request): ReadableStream<Uint8Array> {
      return new ReadableStream({
        start: async (controller) => {
          controller.enqueue(new Uint8Array(await this.arrayBuffer()));
          controller.close();
        },
      });
    },
  });
}

await run(location.href.replace(/\/$/, ""));
