import type { FlightSqlClient, Progress } from "flightsql";
import type { Statement } from "../src/mosaic/statements.ts";
import { explain } from "./errors.ts";
import type { PastRun } from "./history/store.ts";
import type { Notice, NoticeAction } from "./notice.ts";
import { byteSize } from "./numbers.ts";
import type { ProgressLine } from "./progress.ts";
import type { Results } from "./results.ts";
import { type Outcome, PAUSE_BYTES, type Run, startRun } from "./run.ts";

export interface RunnerParts {
  results: Results;
  progress: ProgressLine;
  notice: Notice;
  /** Whether something runs. */
  running(isRunning: boolean): void;
  /** A statement has ended. */
  ended(run: PastRun): void;
  /** Shows where a statement failed; returns a way there if the server's words tell one. */
  failed(statement: Statement, message: string): NoticeAction | undefined;
}

/** Runs statements one behind the other, shows what they bring, and stops at the first that fails. */
export class Runner {
  readonly #parts: RunnerParts;
  #running: Run | undefined;
  /** Counts the runs: what an earlier one still has to say is not heard. */
  #turn = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Stops what runs; false when nothing does. */
  cancel(): boolean {
    this.#running?.cancel();
    return this.#running !== undefined;
  }

  async run(client: Pick<FlightSqlClient, "query">, server: string, statements: readonly Statement[]): Promise<void> {
    const turn = ++this.#turn;
    this.#running?.cancel();
    const { notice, results, running } = this.#parts;
    notice.hide();
    results.clear();
    running(true);
    let held = 0;
    for (const [i, statement] of statements.entries()) {
      const which = statements.length > 1 ? `${i + 1}/${statements.length}` : "";
      const { outcome, bytes } = await this.#one(client, server, statement, which, held);
      // Another run has taken over the page.
      if (turn !== this.#turn) return;
      held += bytes;
      if (outcome.state === "done") continue;
      if (outcome.state === "failed") await this.#explain(outcome.error, server, statement, which, turn);
      break;
    }
    if (turn !== this.#turn) return;
    this.#running = undefined;
    running(false);
  }

  /** @param held bytes that earlier results of the same run hold */
  async #one(
    client: Pick<FlightSqlClient, "query">,
    server: string,
    { text }: Statement,
    which: string,
    held: number,
  ): Promise<{ outcome: Outcome; bytes: number }> {
    const { progress, notice, results, ended } = this.#parts;
    const { pane, end } = results.next(text, which !== "");
    let latest: Progress | undefined;
    progress.start(which);
    const at = Date.now();
    const run = startRun(
      client,
      text,
      {
        schema: (schema) => pane.begin(schema, text),
        batch: (batch) => pane.add(batch),
        progress: (news) => {
          latest = news;
          progress.update(news);
        },
        paused: (bytes) => {
          progress.pause(true);
          notice.question(`This page now holds ${byteSize(held + bytes)} of rows.`, "The query waits at the server.", [
            { label: "Read on", act: () => this.#goOn(run) },
            { label: "That is enough", act: () => run.cancel() },
          ]);
        },
      },
      Math.max(PAUSE_BYTES - held, PAUSE_BYTES / 10),
    );
    this.#running = run;
    const outcome = await run.finished;
    const rows = latest?.rows ?? 0;
    ended({ sql: text, at, ms: Date.now() - at, rows, state: outcome.state, server });
    // A cancel by the next run: the page is that one's already.
    if (this.#running === run) {
      progress.end(outcome.state);
      notice.hide();
      pane.end(outcome.state);
      end(outcome.state, rows);
    }
    return { outcome, bytes: latest?.bytes ?? 0 };
  }

  async #explain(error: unknown, server: string, statement: Statement, which: string, turn: number): Promise<void> {
    const explanation = await explain(error, server);
    if (turn !== this.#turn) return;
    const way = this.#parts.failed(statement, error instanceof Error ? error.message : "");
    const title = which ? `Statement ${which.replace("/", " of ")}: ${explanation.title}` : explanation.title;
    this.#parts.notice.error({ ...explanation, title }, way ? [way] : []);
  }

  #goOn(run: Run): void {
    this.#parts.notice.hide();
    this.#parts.progress.pause(false);
    run.resume();
  }
}
