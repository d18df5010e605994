// Arrow's status page (docs/source/status.rst), row by row, and what has to be seen before a row gets its tick.

/** Flight's RPCs, which the page counts as one feature. */
const rpcs = [
  "Handshake",
  "ListFlights",
  "GetFlightInfo",
  "PollFlightInfo",
  "GetSchema",
  "DoGet",
  "DoPut",
  "DoExchange",
  "DoAction",
  "ListActions",
] as const;

const calls = [
  "Authentication handlers",
  "Call timeouts",
  "Call cancellation",
  "Concurrent client calls",
  "Custom middleware",
  "RPC error codes",
] as const;

const commands = [
  "BeginSavepoint",
  "BeginTransaction",
  "CancelQuery",
  "ClosePreparedStatement",
  "CreatePreparedStatement",
  "CreatePreparedSubstraitPlan",
  "EndSavepoint",
  "EndTransaction",
  "GetCatalogs",
  "GetCrossReference",
  "GetDbSchemas",
  "GetExportedKeys",
  "GetImportedKeys",
  "GetPrimaryKeys",
  "GetSqlInfo",
  "GetTables",
  "GetTableTypes",
  "GetXdbcTypeInfo",
  "PreparedStatementQuery",
  "PreparedStatementUpdate",
  "StatementSubstraitPlan",
  "StatementQuery",
  "StatementUpdate",
] as const;

const transports = ["grpc+tcp", "grpc+unix", "grpc+tls"] as const;

/** Something a scenario can see to work. */
export type Proof =
  | (typeof rpcs)[number]
  | (typeof calls)[number]
  | (typeof commands)[number]
  | (typeof transports)[number]
  | "grpc-web";

export interface Row {
  readonly section: string;
  readonly title: string;
  readonly needs: readonly Proof[];
  /** In a browser: what it needs there, and what its cell says when that is seen. */
  readonly browser?: { readonly cell: string; readonly needs: readonly Proof[] };
}

const inBrowsers = { cell: "(1)", needs: ["grpc-web"] } as const;

export const rows: readonly Row[] = [
  { section: "Transport", title: "gRPC (`grpc:`, `grpc+tcp:`)", needs: ["grpc+tcp"], browser: inBrowsers },
  {
    section: "Transport",
    title: "gRPC over a domain socket (`grpc+unix:`)",
    needs: ["grpc+unix"],
    browser: inBrowsers,
  },
  { section: "Transport", title: "gRPC over TLS (`grpc+tls:`)", needs: ["grpc+tls"], browser: inBrowsers },
  { section: "Flight RPC", title: "All RPC methods", needs: rpcs, browser: { cell: "✓ (2)", needs: rpcs } },
  ...calls.map((title): Row => ({ section: "Flight RPC", title, needs: [title] })),
  ...commands.map((title): Row => ({ section: "Flight SQL", title, needs: [title] })),
];

const notes = [
  "No browser can speak native gRPC. gRPC-Web instead: `http:` and `https:`, to a server that speaks it or through a proxy such as Envoy.",
  "Handshake, DoPut and DoExchange send everything before they read the first answer.",
];

/** The feature table as Markdown, out of what runs on Node and in a browser have proved. */
export function renderFeatures(node: readonly Proof[], browser: readonly Proof[]): string {
  const lines = ["| | Feature | Node | Browser |", "|---|---|:-:|:-:|"];
  let section = "";
  for (const row of rows) {
    const cell = (seen: readonly Proof[], { cell, needs }: { cell: string; needs: readonly Proof[] }): string =>
      needs.every((proof) => seen.includes(proof)) ? cell : "";
    const ticked = { cell: "✓", needs: row.needs };
    const cells = [
      row.section === section ? "" : row.section,
      row.title,
      cell(node, ticked),
      cell(browser, row.browser ?? ticked),
    ];
    lines.push(`| ${cells.join(" | ")} |`);
    section = row.section;
  }
  return `${lines.join("\n")}\n\n${notes.map((note, i) => `(${i + 1}) ${note}`).join("  \n")}\n`;
}
