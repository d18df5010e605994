import { FlightSqlError } from "flightsql";
import { expect } from "vitest";

/** What a call fails with, which must be an error of ours. */
export async function expectFailure(call: Promise<unknown>, code?: string): Promise<FlightSqlError> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown, "it succeeded").toBeDefined();
  expect(thrown).toBeInstanceOf(FlightSqlError);
  const error = thrown as FlightSqlError;
  if (code !== undefined) expect(error.code, error.message).toBe(code);
  return error;
}
