import { DataType } from "apache-arrow";
import type { Batches } from "../batches.ts";
import { cellText, valueAt } from "../format.ts";
import { kindOf } from "../result/numbers-of.ts";
import type { Pause } from "../result/turns.ts";
import { type ChartColumn, MOST_COLORS } from "./choose.ts";

/** Rows looked at to learn what a column is like. */
const SAMPLE = 1000;

/** The columns as the choice of a chart wants to know them, from some of the rows. */
export function chartColumns(batches: Batches): ChartColumn[] {
  const rows = batches.rowCount;
  const sampled = Math.min(rows, SAMPLE);
  return batches.schema.fields.map((field, column) => {
    const kind = kindOf(field.type);
    const seen = new Set<string | null>();
    let rising = DataType.isInt(field.type) && rows > 1;
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < sampled && kind !== "other"; i++) {
      const { data, index } = batches.at(Math.floor((i * rows) / sampled), column)!;
      seen.add(cellText(data, index));
      const value = rising ? valueAt(data, index) : null;
      rising = value !== null && Number(value) > last;
      last = Number(value);
    }
    return { name: field.name, kind, distinct: seen.size, sampled, rising };
  });
}

/** The values of a column as groups: a number for each row, -1 for a null, and what the numbers stand for. */
export interface Groups {
  ids: Int32Array;
  names: string[];
}

const STEP = 4096;

export async function groupsOf(batches: Batches, column: number, pause: Pause): Promise<Groups> {
  const ids = new Int32Array(batches.rowCount);
  const names: string[] = [];
  const known = new Map<string, number>();
  let row = 0;
  for (const data of batches.column(column)) {
    for (let i = 0; i < data.length; i++, row++) {
      if (i % STEP === 0) await pause();
      const text = cellText(data, i);
      let id = text === null ? -1 : known.get(text);
      if (id === undefined) {
        id = names.push(text!) - 1;
        known.set(text!, id);
      }
      ids[row] = id;
    }
  }
  return { ids, names };
}

/** As many groups as there are colours: those with the most rows, the rest as one. */
export function fewest({ ids, names }: Groups, most: number = MOST_COLORS): Groups {
  if (names.length <= most) return { ids, names };
  const counts = new Uint32Array(names.length);
  for (const id of ids) if (id >= 0) counts[id]!++;
  const kept = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]!);
  const places = new Int32Array(names.length).fill(most - 1);
  kept.slice(0, most - 1).forEach((id, place) => {
    places[id] = place;
  });
  return {
    ids: ids.map((id) => (id < 0 ? -1 : places[id]!)),
    names: [...kept.slice(0, most - 1).map((id) => names[id]!), "others"],
  };
}
