import { type Data, DataType } from "apache-arrow";
import { take } from "./take.ts";

/**
 * The same column, copied if it is a slice that apache-arrow 21.2 does not write right: it cuts views twice, and takes
 * the offsets of a dense union to be in order.
 */
export function compact(data: Data): Data {
  if (!isIntricate(data.type) || !isSliced(data)) return data;
  return take(
    data,
    Int32Array.from({ length: data.length }, (_, i) => i),
    () => {},
  );
}

function isIntricate(type: DataType): boolean {
  if (DataType.isUtf8View(type) || DataType.isBinaryView(type) || DataType.isDenseUnion(type)) return true;
  // The values of a dictionary are written by themselves.
  return !DataType.isDictionary(type) && childTypes(type).some(isIntricate);
}

function isSliced({ type, offset, valueOffsets, children }: Data): boolean {
  if (offset > 0) return true;
  if (valueOffsets !== undefined && !DataType.isUnion(type) && Number(valueOffsets[0]) > 0) return true;
  return children.some(isSliced);
}

/**
 * Sets the null counts that apache-arrow does not know: it writes -1 for a slice of a column of type null.
 *
 * @param nodes those of the columns and what is in them, each before its children
 */
export function countNulls(columns: readonly Data[], nodes: readonly { length: number; nullCount: number }[]): void {
  let at = 0;
  const visit = (type: DataType): void => {
    const node = nodes[at++];
    if (node !== undefined && node.nullCount < 0) node.nullCount = DataType.isNull(type) ? node.length : 0;
    if (!DataType.isDictionary(type)) for (const child of childTypes(type)) visit(child);
  };
  for (const { type } of columns) visit(type);
}

function childTypes(type: DataType): DataType[] {
  return ((type.children as { type: DataType }[] | null) ?? []).map((child) => child.type);
}
