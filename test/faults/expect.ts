import { FlightSqlClient, FlightSqlError } from "flightsql";
import { expect, onTestFinished } from "vitest";
import type { ClientOptions } from "../../src/flight/options.ts";
import { goodRows } from "./answers.ts";
import type { Seen } from "./cases.ts";

/** A client that is closed when the test is over. */
export function connect(options: ClientOptions | string): FlightSqlClient {
  const client = new FlightSqlClient(options);
  onTestFinished(() => client.close());
  return client;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Fails when the promise takes longer: a hang is told as one, and the test can still tidy up. */
export async function within<T>(ms: number, promise: Promise<T>, what = "the call"): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs: nothing came of it in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 3000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${ms} ms have passed, and it is still not so: ${what}`);
    await sleep(5);
  }
}

/** Runs a call that has to fail in time, and returns its error. */
export async function failure(call: Promise<unknown>, ms = 4000): Promise<FlightSqlError> {
  const thrown = await within(
    ms,
    call.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  );
  if (!("error" in thrown)) throw new Error(`the call succeeded with ${String(thrown.value)}`);
  const { error } = thrown;
  if (!(error instanceof FlightSqlError)) throw new Error("this is no FlightSqlError", { cause: error });
  return error;
}

/** What the user sees of every fault: which call failed, to which server, with which code, and what it probably is. */
export async function expectFault(
  call: Promise<unknown>,
  seen: Seen,
  url: string,
  options: { ms?: number } = {},
): Promise<FlightSqlError> {
  const error = await failure(call, options.ms);
  expect([seen.code].flat(), error.message).toContain(error.code);
  expect(error.message).toMatch(whichCall);
  expect(error.message).toContain(url);
  expect(error.message).toMatch(pattern(seen.says));
  return error;
}

const whichCall = /^(GetFlightInfo|PollFlightInfo|GetSchema|DoGet|DoPut|DoExchange|DoAction \w+|Handshake) (to|from) /;

/** The text as a pattern; "…" stands for anything. */
function pattern(says: string): RegExp {
  return new RegExp(
    says
      .split("…")
      .map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("[\\s\\S]*"),
  );
}

/** GetFlightInfo and DoGet, and every row is there. */
export async function expectGoodQuery(client: FlightSqlClient, ms = 4000): Promise<void> {
  const rows = await within(ms, client.query("SELECT n").all<{ n: number }>(), "a good query");
  expect(rows.map(({ n }) => n)).toEqual(goodRows);
}

/** Rejections that nobody handles are an error of the test that runs. On Node; vitest itself finds them in browsers. */
export function watchRejections(): () => void {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => {
    seen.push(reason);
  };
  const { process } = globalThis;
  process?.on?.("unhandledRejection", note);
  return () => {
    process?.off?.("unhandledRejection", note);
    expect(seen, "rejections that nobody handled").toEqual([]);
  };
}
