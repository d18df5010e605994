// The README's table of faults, out of the cases that the tests of this folder run.

import {
  answers,
  connecting,
  drops,
  type FaultCase,
  protocol,
  resetCases,
  resetName,
  type Seen,
  statuses,
  stops,
  web,
  writes,
} from "./cases.ts";

type Row = readonly [name: string, row: FaultCase];

const groups: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ["Nothing there, or something else", Object.entries(connecting)],
  ["A proxy's HTTP status", Object.entries(statuses)],
  ["The connection goes", Object.entries(drops)],
  ["RST_STREAM", resetCases.map((row, code) => [resetName(code).replace("RST_STREAM ", ""), row])],
  ["HTTP/2", Object.entries(protocol)],
  ["An answer that is none", Object.entries(answers)],
  ["gRPC-Web", Object.entries(web)],
  ["Writes", Object.entries(writes)],
  ["Ended by the caller", Object.entries(stops)],
];

/** Fault → code and message, as a Markdown table; faults that are seen alike share a row. */
export function renderFaults(): string {
  const lines = groups.flatMap(([title, rows]) => {
    const byCells = new Map<string, string[]>();
    for (const [name, row] of rows) {
      const key = cells(row);
      byCells.set(key, [...(byCells.get(key) ?? []), name]);
    }
    return [...byCells].map(([key, names], i) => `| ${i === 0 ? `**${title}**` : ""} | ${names.join("; ")} | ${key} |`);
  });
  return ["| | fault | native gRPC | gRPC-Web |", "|---|---|---|---|", ...lines].join("\n");
}

function cells({ grpc, web, browser }: FaultCase): string {
  if (web !== undefined && browser === undefined && grpc !== undefined && cell(web) === cell(grpc))
    return `${cell(grpc)} | the same`;
  const fetched = [web && cell(web), browser && `in a browser: ${cell(browser)}`].filter(Boolean).join("; ");
  return `${grpc === undefined ? "" : cell(grpc)} | ${fetched}`;
}

function cell({ code, says }: Seen): string {
  // The codes without a meaning of their own say their number, and nothing else that would tell them apart.
  const text = says.replace(/code \d+$/, "code N").replaceAll("|", "\\|");
  return `\`${[code].flat()[0]}\`: ${text}`;
}
