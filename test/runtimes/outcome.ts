/** How the calls of a test travel: the columns of the table. */
export const ways = ["native gRPC", "gRPC-Web", "gRPC-Web through Envoy", "no socket"] as const;
export type Way = (typeof ways)[number];

/** What became of one test in a runtime. */
export interface Outcome {
  readonly way: Way;
  /** Its suites and its own name, joined by " > ". */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly error?: string;
}

/** What a runtime is told before it begins, as vitest's `provide` would: name → value. */
export type Provided = Readonly<Record<string, unknown>>;

/** What a runtime sends back: one test, or that it has come to its end, and what runtime it is by its own word. */
export type Report = { readonly outcome: Outcome } | { readonly end: string; readonly error?: string };
