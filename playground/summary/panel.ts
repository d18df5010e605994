import type { Batches } from "../batches.ts";
import { count } from "../numbers.ts";
import { make } from "../page.ts";
import { pauses } from "../result/turns.ts";
import { columnType, sqlName } from "../type-name.ts";
import { MOST_DISTINCT, type Summary, summarize } from "./summary.ts";

const BAR = 8;
const HEIGHT = 56;

/** Beside the rows: the selected column in a few numbers. */
export class SummaryPanel {
  readonly element: HTMLElement = make("aside", "summary");
  #work = new AbortController();
  #shown: { batches: Batches; column: number; rows: number } | undefined;

  constructor() {
    this.element.ariaLabel = "Column summary";
    this.element.tabIndex = 0;
    this.element.hidden = true;
  }

  clear(): void {
    this.#work.abort();
    this.#shown = undefined;
    this.element.replaceChildren();
  }

  async show(batches: Batches, column: number): Promise<void> {
    const rows = batches.rowCount;
    const last = this.#shown;
    if (last?.batches === batches && last.column === column && last.rows === rows) return;
    this.clear();
    this.#shown = { batches, column, rows };
    this.#work = new AbortController();
    const { signal } = this.#work;
    const field = batches.schema.fields[column]!;
    const head = [make("h3", "", field.name), make("p", "hint", `${columnType(field)} · ${sqlName(field.type)}`)];
    this.element.replaceChildren(...head, make("p", "hint", "Counting…"));
    try {
      const summary = await summarize(batches, column, pauses(signal));
      this.element.replaceChildren(...head, ...drawn(summary));
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      this.element.replaceChildren(...head, make("p", "", `This column cannot be summed up: ${why}`));
    }
  }
}

function drawn({ rows, nulls, distinct, more, least, greatest, mean, top, histogram }: Summary): Node[] {
  const share = rows === 0 ? "" : ` (${((100 * nulls) / rows).toFixed(nulls > 0 && nulls < rows ? 1 : 0)} %)`;
  const facts: [string, string][] = [
    ["Rows", count(rows)],
    ["Nulls", count(nulls) + share],
    ["Distinct", more ? `more than ${count(MOST_DISTINCT)}` : count(distinct)],
  ];
  if (least !== undefined) facts.push(["Least", least]);
  if (greatest !== undefined) facts.push(["Greatest", greatest]);
  if (mean !== undefined) facts.push(["Mean", String(Number(mean.toPrecision(8)))]);
  const list = make("dl");
  for (const [term, text] of facts) list.append(make("dt", "", term), make("dd", "", shortened(text)));
  const nodes: Node[] = histogram ? [bars(histogram), list] : [list];
  if (top && top.length > 0) {
    const frequent = make("dl", "top");
    for (const [value, times] of top)
      frequent.append(make("dt", "", shortened(value) || "(empty)"), make("dd", "", count(times)));
    nodes.push(make("h4", "", "Most frequent"), frequent);
  }
  return nodes;
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function bars(counts: readonly number[]): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const most = Math.max(...counts);
  svg.setAttribute("viewBox", `0 0 ${counts.length * BAR} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.role = "img";
  svg.ariaLabel = "How the values are spread";
  counts.forEach((rows, i) => {
    const height = rows === 0 ? 0 : Math.max(1, (rows / most) * HEIGHT);
    const bar = document.createElementNS(space, "rect");
    const place = { x: i * BAR + 0.5, y: HEIGHT - height, width: BAR - 1, height };
    for (const [name, value] of Object.entries(place)) bar.setAttribute(name, String(value));
    svg.append(bar);
  });
  return svg;
}
