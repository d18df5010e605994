import type { DataType } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import { kindOfValue, Misfit } from "./misfit.ts";

/** Names the value at an index of a column, in the words of whoever gave it: `parameter 2 "name" of set 1`. */
export type Place = (index: number) => string;

/** The user's error: where the value stands, of which kind it is and what it should have been, but never the value. */
export function invalid(place: string, value: unknown, type: DataType | string, why: string): FlightSqlError {
  return new FlightSqlError("invalid_argument", `${place}: this ${kindOfValue(value)} does not fit ${type}: ${why}`);
}

/** Hands over every value that is present, and turns what does not fit into the user's error. */
export function forEach(
  type: DataType,
  values: readonly unknown[],
  place: Place,
  take: (value: unknown, i: number) => void,
): void {
  let i = 0;
  try {
    for (; i < values.length; i++) if (values[i] !== null && values[i] !== undefined) take(values[i], i);
  } catch (thrown) {
    if (thrown instanceof Misfit) throw invalid(place(i), values[i], type, `it ${thrown.message}`);
    throw thrown;
  }
}
