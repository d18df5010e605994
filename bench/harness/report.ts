// The one table, as text.

import type { Row } from "./measurement.ts";
import { type Standing, speedRatio } from "./race.ts";

/** A row for each standing, and one for each bar that the first of them has to reach against another. */
export function compare(
  what: string,
  standings: readonly [Standing, ...Standing[]],
  bars: readonly { other: Standing; atLeast?: number }[],
): Row[] {
  const [first] = standings;
  return [
    ...standings.map(({ client, seconds, cpuSeconds, peakMegabytes }) => ({
      what,
      client,
      // Everybody is measured by the same bytes.
      megabytesPerSecond: first.counts.bytes / 1e6 / seconds,
      seconds,
      cpuSeconds,
      peakMegabytes,
    })),
    ...bars.map(({ other, atLeast }) => ({
      what,
      client: first.client,
      figure: {
        value: speedRatio(first, other),
        means: `× ${other.client}`,
        ...(atLeast !== undefined && { bar: { atLeast } }),
      },
    })),
  ];
}

const headings = ["measured", "client", "MB/s", "wall s", "cpu s", "peak MB", "figure", "bar"];

/** Rows as lines of text, columns aligned. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.client,
    number(row.megabytesPerSecond, 0),
    number(row.seconds, 3),
    number(row.cpuSeconds, 3),
    number(row.peakMegabytes, 0),
    row.figure === undefined ? (row.note ?? "") : `${number(row.figure.value, 2)} ${row.figure.means}`,
    bar(row.figure),
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((line) => line[column]!.length)),
  );
  const isNumber = (column: number): boolean => column >= 2 && column <= 5;
  const line = (parts: readonly string[]): string =>
    parts
      .map((part, column) => (isNumber(column) ? part.padStart(widths[column]!) : part.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd();
  return [line(headings), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}

function number(value: number | undefined, digits: number): string {
  return value === undefined ? "" : value.toFixed(digits);
}

function bar(figure: Row["figure"]): string {
  if (figure?.bar === undefined) return "";
  const [met, text] =
    "atLeast" in figure.bar
      ? [figure.value >= figure.bar.atLeast, `≥ ${figure.bar.atLeast}`]
      : [figure.value <= figure.bar.atMost, `≤ ${figure.bar.atMost}`];
  return `${text} ${met ? "met" : "NOT MET"}`;
}
