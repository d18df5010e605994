// `npm run bench [names]`: runs the measurements named, or all, prints one table and writes it to results.json.

import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Measurement, Row } from "./harness/measurement.ts";
import { buildPrograms } from "./harness/programs.ts";
import { table as asText } from "./harness/report.ts";
import { bridge } from "./measurements/bridge.ts";
import { browser } from "./measurements/browser.ts";
import { bundle } from "./measurements/bundle.ts";
import { calls } from "./measurements/calls.ts";
import { copies } from "./measurements/copies.ts";
import { embedded } from "./measurements/embedded.ts";
import { endpoints } from "./measurements/endpoints.ts";
import { eventloop } from "./measurements/eventloop.ts";
import { link } from "./measurements/link.ts";
import { message } from "./measurements/message.ts";
import { prepared } from "./measurements/prepared.ts";
import { put } from "./measurements/put.ts";
import { rows as rowsOf } from "./measurements/rows.ts";
import { stream } from "./measurements/stream.ts";
import { table } from "./measurements/table.ts";

const measurements: readonly Measurement[] = [
  table,
  copies,
  message,
  link,
  stream,
  eventloop,
  rowsOf,
  endpoints,
  calls,
  prepared,
  put,
  browser,
  bundle,
  bridge,
  embedded,
];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !measurements.some((measurement) => measurement.name === name));
if (unknown.length > 0) {
  console.error(`no measurement ${unknown.join(", ")}: there are ${measurements.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

await buildPrograms();
const rows: Row[] = [];
for (const measurement of measurements) {
  if (names.length > 0 && !names.includes(measurement.name)) continue;
  console.error(`${measurement.name} …`);
  rows.push(...(await measurement.run()));
}
console.log(asText(rows));
const run = { date: new Date().toISOString(), node: process.version, cores: availableParallelism(), rows };
await writeFile(new URL("results.json", import.meta.url), `${JSON.stringify(run, null, 2)}\n`);
