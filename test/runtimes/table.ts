import type { Limits } from "./limits.ts";
import { type Outcome, type Way, ways } from "./outcome.ts";

/** What one runtime has come to. */
export interface Row {
  readonly title: string;
  readonly limits: Limits;
  readonly outcomes: readonly Outcome[];
}

const headings: Readonly<Record<Way, string>> = {
  "native gRPC": "native gRPC",
  "gRPC-Web": "gRPC-Web",
  "gRPC-Web through Envoy": "through Envoy",
  "no socket": "scripted servers",
};

/** Runtime × way: ✓ where every test passed, numbers for what the notes below say, or how many failed. */
export function renderTable(rows: readonly Row[]): string {
  const notes: string[] = [];
  const note = (text: string): string => {
    if (!notes.includes(text)) notes.push(text);
    return `(${notes.indexOf(text) + 1})`;
  };
  const lines = rows.map(({ title, limits, outcomes }) => {
    const cells = ways.map((way) => {
      const reason = limits.without?.[way];
      if (reason !== undefined) return `– ${note(reason)}`;
      const own = outcomes.filter((outcome) => outcome.way === way);
      const known = own.flatMap(({ name }) => limits.fails?.[name] ?? limits.skips?.[name] ?? []);
      const bad = own.filter(({ name, state }) => state === "failed" && limits.fails?.[name] === undefined).length;
      const word = own.length === 0 ? "nothing ran" : bad > 0 ? `${bad} failed` : "✓";
      return [word, ...new Set(known.map(note))].join(" ");
    });
    return `| ${[title, ...cells].join(" | ")} |`;
  });
  const head = [`| | ${ways.map((way) => headings[way]).join(" | ")} |`, `|---|${":-:|".repeat(ways.length)}`];
  const foot = notes.map((text, i) => `(${i + 1}) ${text}`).join("  \n");
  return `${[...head, ...lines].join("\n")}\n${foot === "" ? "" : `\n${foot}\n`}`;
}

/** How many tests passed, failed and were skipped, way by way: for the lane's log. */
export function renderCounts({ title, outcomes }: Row): string {
  const count = (way: Way, state: Outcome["state"]): number =>
    outcomes.filter((outcome) => outcome.way === way && outcome.state === state).length;
  const parts = ways.map((way) => {
    const [passed, failed, skipped] = [count(way, "passed"), count(way, "failed"), count(way, "skipped")];
    return passed + failed + skipped === 0
      ? `${way} not run`
      : `${way} ${passed} passed, ${failed} failed, ${skipped} skipped`;
  });
  return `${title}: ${parts.join("; ")}`;
}
