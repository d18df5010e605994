// What a runtime talks to while it runs: it asks what it needs to know, and tells how each test went.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Outcome, Provided, Report } from "./outcome.ts";

/** One runtime's run. */
export interface Host {
  /** Where the runtime finds it. A browser gets a page there. */
  readonly url: string;
  readonly outcomes: readonly Outcome[];
  /** What the runtime says it is when it has come to its end; rejects when it says that it could not. */
  readonly ended: Promise<string>;
  stop(): void;
}

export async function startHost(provided: Provided, script?: string): Promise<Host> {
  const outcomes: Outcome[] = [];
  const { promise: ended, resolve, reject } = deferred();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    if (request.url === "/provided") response.end(JSON.stringify(provided));
    else if (request.url === "/report") {
      const report: Report = JSON.parse(body);
      if ("outcome" in report) outcomes.push(report.outcome);
      else if (report.error === undefined) resolve(report.end);
      else reject(new Error(report.error));
      response.end();
    } else if (request.url === "/") {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><meta charset="utf-8"><script type="module" src="/guest.js"></script>`);
    } else if (request.url === "/guest.js" && script !== undefined) {
      response.setHeader("content-type", "text/javascript");
      response.end(await readFile(script));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    outcomes,
    ended,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

// Promise.withResolvers came with Node 22.
function deferred(): { promise: Promise<string>; resolve: (agent: string) => void; reject: (reason: unknown) => void } {
  let resolve: (agent: string) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<string>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {}); // it may fail before anybody waits for it
  return { promise, resolve, reject };
}
