import type { FlightSqlClient, QueryOptions, QueryResult } from "../node.ts";
import { interruptible } from "./interrupt.ts";
import type { Output } from "./output.ts";
import { ProgressLine } from "./progress.ts";
import { isUnread } from "./sink.ts";

/**
 * Runs a query and prints its result. Ctrl-C cancels it at the server, and so does a reader of the output that goes:
 * which is no failure.
 */
export async function printResult(
  client: FlightSqlClient,
  output: Output,
  start: (options: QueryOptions) => QueryResult,
): Promise<void> {
  const line = new ProgressLine();
  const result = start({ onProgress: (progress) => line.update(progress) });
  const { isTerminal } = output.sink;
  try {
    line.start();
    await interruptible(
      () => result.cancel(),
      // On a terminal the line would stand in the middle of the rows.
      () => output.print(result, isTerminal ? () => line.stop() : undefined),
    );
    if (!isTerminal) line.finish();
  } catch (thrown) {
    if (!isUnread(thrown)) throw thrown;
    await result.cancel();
  } finally {
    line.stop();
    await client.close();
  }
}
