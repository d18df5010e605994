// Lets tests in a browser start servers: a page cannot, the process that serves the page can.

import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Service, ServiceRequest } from "./service.ts";
import { startService } from "./start-service.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where `serveControl` listens. */
    control: string;
  }
}

/** What a page asks for. */
export type ControlRequest =
  | { readonly start: ServiceRequest }
  | { readonly stop: number }
  /** Writes .cache/conformance/chromium.json. */
  | { readonly save: unknown };

export type ControlAnswer =
  | { readonly id: number; readonly url: string; readonly ca?: string }
  | { readonly error: string };

export interface Control {
  readonly url: string;
  /** Ends it and every server that it started. */
  stop(): Promise<void>;
}

export async function serveControl(): Promise<Control> {
  const running = new Map<number, Service>();
  let count = 0;

  async function answer(request: ControlRequest): Promise<ControlAnswer | undefined> {
    if ("save" in request) await saveProofs("chromium", request.save);
    else if ("stop" in request) {
      await running.get(request.stop)?.stop();
      running.delete(request.stop);
    } else {
      const service = await startService(request.start);
      const id = ++count;
      running.set(id, service);
      return { id, url: service.url, ...(service.ca !== undefined && { ca: service.ca }) };
    }
    return undefined;
  }

  const server = createServer(async (request, response) => {
    // A simple request of fetch needs no preflight, and no more than this.
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    try {
      response.end(JSON.stringify((await answer(JSON.parse(await readBody(request)))) ?? {}));
    } catch (thrown) {
      response.statusCode = 500;
      response.end(JSON.stringify({ error: thrown instanceof Error ? thrown.message : String(thrown) }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await Promise.all([...running.values()].map((service) => service.stop()));
    },
  };
}

/** Keeps what a platform has proved where the feature table is rendered from. */
export async function saveProofs(platform: "node" | "chromium", proofs: unknown): Promise<void> {
  const folder = fileURLToPath(new URL("../../.cache/conformance/", import.meta.url));
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}${platform}.json`, `${JSON.stringify(proofs, null, 2)}\n`);
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}
