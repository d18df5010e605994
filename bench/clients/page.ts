// What runs inside the page of browser.ts: a result by this package's table(), or the same bytes by a fetch whose body is
// only read.

import { FlightSqlClient } from "flightsql";

/** What one repetition counts, in bytes and milliseconds. */
export type PageCounts = {
  bytes: number;
  /** The longest task, of those that a browser calls long: 50 ms and more. 0 when there was none. */
  longestTaskMs: number;
  /** The longest that a timer due every 4 ms was kept waiting. */
  longestGapMs: number;
};

const clients = new Map<string, FlightSqlClient>();

async function byFlightsql(url: string, statement: string): Promise<number> {
  const client = clients.get(url) ?? new FlightSqlClient(url);
  clients.set(url, client);
  const { data } = await client.query(statement).table();
  return data.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

async function byFetch(url: string, statement: string): Promise<number> {
  const text = new TextEncoder().encode(statement);
  // An envelope with Ticket { ticket = statement }, which this server takes as it is.
  const body = new Uint8Array([0, 0, 0, 0, text.length + 2, 0x0a, text.length, ...text]);
  const response = await fetch(`${url}/arrow.flight.protocol.FlightService/DoGet`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
    body,
  });
  let bytes = 0;
  const reader = response.body!.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.byteLength;
  return bytes;
}

async function watched(work: () => Promise<number>): Promise<PageCounts> {
  let longestTaskMs = 0;
  const note = (entries: readonly PerformanceEntry[]): void => {
    for (const { duration } of entries) longestTaskMs = Math.max(longestTaskMs, duration);
  };
  let last = performance.now();
  let longestGapMs = 0;
  const tick = (): void => {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ type: "longtask" });
  const timer = setInterval(tick, 4);
  const bytes = await work();
  tick();
  clearInterval(timer);
  note(observer.takeRecords());
  observer.disconnect();
  return { bytes, longestTaskMs, longestGapMs };
}

/** What browser.ts calls. */
export interface PageApi {
  run(who: string, url: string, statement: string): Promise<PageCounts>;
}

const api: PageApi = {
  run: (who, url, statement) => watched(() => (who === "fetch" ? byFetch : byFlightsql)(url, statement)),
};
Object.assign(globalThis, { bench: api, isReady: true });
