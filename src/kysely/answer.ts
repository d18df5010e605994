import type { RootOperationNode } from "kysely";

/** What a statement answers with; `"unknown"` when its text does not tell. */
export type Answer = "rows" | "count" | "unknown";

/**
 * Flight SQL sends what answers with rows another way than what answers with a count, and a server may run either
 * before it finds that it was sent the wrong way: so it is known, or asked, before the statement is sent.
 */
export function answerOf(node: RootOperationNode, sql: string): Answer {
  switch (node.kind) {
    case "SelectQueryNode":
      return "rows";
    case "InsertQueryNode":
    case "UpdateQueryNode":
    case "DeleteQueryNode":
    case "MergeQueryNode":
      return node.returning || node.output || isExplained(node) ? "rows" : "count";
    case "RawNode":
      return answerOfText(sql);
    default:
      return "count";
  }
}

/** Whether each row that such a statement answers with is a row that it changed. */
export function answersChangedRows(node: RootOperationNode): boolean {
  return ("returning" in node || "output" in node) && !isExplained(node);
}

function isExplained(node: RootOperationNode): boolean {
  return "explain" in node && node.explain !== undefined;
}

const rows: ReadonlySet<string> = new Set(["select", "values", "show", "describe", "desc", "explain"]);
const count: ReadonlySet<string> = new Set([
  ...["insert", "update", "delete", "merge", "upsert", "replace"],
  ...["create", "drop", "alter", "truncate", "grant", "revoke", "comment"],
]);

function answerOfText(sql: string): Answer {
  const [, word = ""] = /^(?:[\s(;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([a-z]*)/i.exec(sql) ?? [];
  const first = word.toLowerCase();
  if (rows.has(first)) return "rows";
  // The word may also stand in a string or a comment: that is for the server to tell.
  return count.has(first) && !/\breturning\b/i.test(sql) ? "count" : "unknown";
}
