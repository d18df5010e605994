// Assertions without a test runner: the command line, vitest on Node and vitest in a browser run the same scenarios.

/** Throws unless the two are equal by value: numbers by Object.is, bytes, maps and bigints by content. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [a, e] = [show(actual), show(expected)];
  if (a !== e) throw new Error(`${what}: expected ${e}, got ${a}`);
}

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Resolves with what the call fails with; throws when it succeeds, or fails with another code. */
export async function fails(call: Promise<unknown>, code: string, what: string): Promise<Failure> {
  const error = await failure(call, what);
  equal(error.code, code, `${what}: code of "${error.message}"`);
  return error;
}

/** `fails`, where the scenario leaves the code to the server. */
export async function failure(call: Promise<unknown>, what: string): Promise<Failure> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  check(error !== undefined, `${what}: it succeeded`);
  check(error instanceof Error && "code" in error && "metadata" in error, `${what}: not a FlightSqlError: ${error}`);
  return error as Failure;
}

export interface Failure extends Error {
  readonly code: string;
  readonly metadata: Headers;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A value as text that differs wherever the values do. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `${value.constructor.name}[${Array.from(value as Uint8Array, show).join(",")}]`;
  }
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Map) {
    const entries = [...value].map(([k, v]) => `${show(k)} => ${show(v)}`);
    return `Map{${entries.sort().join(", ")}}`;
  }
  const members = Object.entries(value).map(([k, v]) => `${k}: ${show(v)}`);
  return `{${members.sort().join(", ")}}`;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
