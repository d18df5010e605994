import type { Progress } from "flightsql";
import { byteSize, count, elapsed, roughly } from "./numbers.ts";
import type { Outcome } from "./run.ts";

export type ProgressState = "idle" | "running" | "paused" | Outcome["state"];

const STATE_WORDS: Record<ProgressState, string> = {
  idle: "",
  running: "",
  paused: "Paused",
  done: "Done",
  canceled: "Cancelled",
  failed: "Failed",
};

/** The line that tells how far a query is, and the bar under it. */
export class ProgressLine {
  readonly #line: HTMLElement;
  readonly #meter: HTMLElement;
  readonly #announce: HTMLElement;
  #state: ProgressState = "idle";
  #which = "";
  #latest: Progress | undefined;
  #started = 0;
  #firstRowsMs: number | undefined;
  #ended: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `announce`: a live region that is told about changes of state only, not about every number. */
  constructor(line: HTMLElement, meter: HTMLElement, announce: HTMLElement) {
    this.#line = line;
    this.#meter = meter;
    this.#announce = announce;
  }

  /** @param which of several statements: "2/3" */
  start(which = ""): void {
    this.#which = which;
    this.#latest = undefined;
    this.#firstRowsMs = undefined;
    this.#ended = undefined;
    this.#started = performance.now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#draw(), 100);
    this.#become("running");
    this.#announce.textContent = which ? `Query ${which} running` : "Query running";
  }

  update(progress: Progress): void {
    this.#latest = progress;
    if (progress.rows > 0) this.#firstRowsMs ??= performance.now() - this.#started;
  }

  pause(paused: boolean): void {
    this.#become(paused ? "paused" : "running");
  }

  end(state: Outcome["state"]): void {
    clearInterval(this.#timer);
    this.#ended = performance.now();
    this.#become(state);
    this.#announce.textContent = `${STATE_WORDS[state]}: ${count(this.#latest?.rows ?? 0)} rows`;
  }

  #become(state: ProgressState): void {
    this.#state = state;
    this.#line.dataset.state = state;
    this.#meter.dataset.state = state;
    this.#draw();
  }

  #draw(): void {
    const latest = this.#latest;
    const ms = (this.#ended ?? performance.now()) - this.#started;
    const parts: [string, string][] = [];
    if (this.#which) parts.push(["which", this.#which]);
    if (STATE_WORDS[this.#state]) parts.push(["state", STATE_WORDS[this.#state]]);
    if (latest) {
      parts.push(["rows", `${count(latest.rows)} ${latest.rows === 1 ? "row" : "rows"}`]);
      parts.push(["bytes", byteSize(latest.bytes)]);
      if (latest.rows >= 1000 && ms > 0) parts.push(["rate", `${roughly((latest.rows * 1000) / ms)} rows/s`]);
      if (latest.endpoints > 0) {
        parts.push([
          "endpoints",
          `${latest.endpointsDone}/${latest.endpoints} ${latest.endpoints === 1 ? "endpoint" : "endpoints"}`,
        ]);
      }
    }
    parts.push(["elapsed", elapsed(ms)]);
    if (this.#firstRowsMs !== undefined) parts.push(["first", `first rows ${elapsed(this.#firstRowsMs)}`]);
    this.#line.replaceChildren(
      ...parts.map(([name, text]) => {
        const part = document.createElement("span");
        part.className = name;
        part.textContent = text;
        return part;
      }),
    );
    const known = latest?.fraction;
    this.#meter.classList.toggle("measured", known !== undefined);
    this.#meter.style.setProperty("--fraction", String(known ?? 0));
  }
}
