import { Field, type RecordBatch, type Schema, Type } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import { toRecordBatches } from "./adopt.ts";
import { type Column, columnsToBatch } from "./columns.ts";
import { inferType } from "./infer.ts";
import { isPlainObject, kindOfValue } from "./misfit.ts";
import type { Place } from "./place.ts";

/** A value for a parameter: whatever reading gives back, and the other exact forms of the same values. */
export type ParameterValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | ArrayBuffer
  | ArrayBufferView
  | readonly ParameterValue[]
  | ReadonlyMap<ParameterValue, ParameterValue>
  | { readonly [name: string]: ParameterValue };

/** The parameters of one execution: by position, or by name with or without the `$`, `:` or `@` of its SQL. */
export type ParameterSet = readonly ParameterValue[] | { readonly [name: string]: ParameterValue };

/** Parameters as batches: a record batch or table as it is, one set by `parameterBatch`. */
export function parameterBatches(params: unknown, schema: Schema | null): RecordBatch[] {
  return toRecordBatches(params) ?? [parameterBatch([params as ParameterSet], schema)];
}

/**
 * The parameters of one or more executions as a batch of one row each.
 *
 * @param schema what the server says it expects: its names, types and metadata are kept, save that the type null is
 * replaced by that of the values, and that a field becomes nullable when it is sent null. Null when the server does not
 * say: types are then inferred (`inferType`), and parameters by position are named "1", "2", …
 * @throws FlightSqlError `invalid_argument` for a missing or surplus parameter and for a value that does not fit; it
 * names the parameter and never shows the value
 */
export function parameterBatch(sets: readonly ParameterSet[], schema: Schema | null): RecordBatch {
  const slots = schema === null ? undeclared(sets) : schema.fields.map((field) => ({ name: field.name, field }));
  const which = (s: number): string => (sets.length === 1 ? "" : ` in set ${s}`);
  const pickers = sets.map((set, s) => picker(set, slots, which(s)));
  const columns = slots.map(({ name, field }, c): Column => {
    const place = (s: number): string => label(c, name) + which(s);
    const values = pickers.map((pick, s) => {
      const value = pick(c);
      if (value === undefined) throw invalidSet(`${place(s)} is undefined: give null for an SQL NULL`);
      return value;
    });
    return { field: resolve(name, field, values, place), values, place };
  });
  return columnsToBatch(columns, sets.length, schema?.metadata);
}

interface Slot {
  readonly name: string;
  /** Null when nobody says what is expected. */
  readonly field: Field | null;
}

/** The field to send: what the server expects, as far as it says something. */
function resolve(name: string, field: Field | null, values: readonly unknown[], place: Place): Field {
  if (field === null) return new Field(name, inferType(values, place), true);
  const type = field.type.typeId === Type.Null ? inferType(values, place) : field.type;
  const nullable = field.nullable || values.includes(null);
  if (type === field.type && nullable === field.nullable) return field;
  return new Field(field.name, type, nullable, field.metadata);
}

/** Without a schema the first set says how many parameters there are and what they are called. */
function undeclared(sets: readonly ParameterSet[]): Slot[] {
  const [first] = sets;
  if (first === undefined) return [];
  const names = isPositional(first) ? Array.from(first, (_, i) => String(i + 1)) : Object.keys(first);
  if (sets.some((set) => isPositional(set) !== isPositional(first)))
    throw invalidSet("some sets of parameters are arrays and some are objects: give all of them in the same way");
  return names.map((name) => ({ name, field: null }));
}

/** A function that finds the value of each slot in a set, which is known to have all of them and no more. */
function picker(set: ParameterSet, slots: readonly Slot[], which: string): (c: number) => ParameterValue | undefined {
  // Sets are counted from 0, as the caller's array is; of a single one the number is left out.
  if (isPositional(set)) {
    if (set.length !== slots.length)
      throw invalidSet(`parameters given${which}: ${set.length}; expected: ${slots.length}`);
    return (c) => set[c];
  }
  if (!isPlainObject(set))
    throw invalidSet(`parameters are given as an array or a plain object, not as ${kindOfValue(set)}${which}`);
  const keyOf = new Map(Object.keys(set).map((key) => [bare(key), key]));
  const wanted = slots.map(({ name }) => (Object.hasOwn(set, name) ? name : keyOf.get(bare(name))));
  const missing = wanted.indexOf(undefined);
  if (missing >= 0) throw invalidSet(`${label(missing, slots[missing]!.name)} is missing${which}`);
  const surplus = Object.keys(set).find((key) => !wanted.includes(key));
  if (surplus !== undefined)
    throw invalidSet(`there is no parameter ${JSON.stringify(surplus)}, which was given${which}`);
  return (c) => set[wanted[c]!];
}

function isPositional(set: ParameterSet): set is readonly ParameterValue[] {
  return Array.isArray(set);
}

/** A parameter's name without the sign that SQL dialects put before it. */
function bare(name: string): string {
  return name.replace(/^[$:@]/, "");
}

function label(c: number, name: string): string {
  return name === "" || name === String(c + 1) ? `parameter ${c + 1}` : `parameter ${c + 1} ${JSON.stringify(name)}`;
}

function invalidSet(message: string): FlightSqlError {
  return new FlightSqlError("invalid_argument", message);
}
