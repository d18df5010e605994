import type { Progress } from "../node.ts";

const showAfterMs = 300;
const everyMs = 100;

/** One line on stderr that says how far a query is, while stderr is a terminal. */
export class ProgressLine {
  readonly #isShown = process.stderr.isTTY === true;
  readonly #started = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #latest: Progress | undefined;
  #isDrawn = false;

  start(): void {
    if (!this.#isShown) return;
    this.#timer = setTimeout(() => {
      this.#timer = setInterval(() => this.#draw(), everyMs);
      this.#draw();
    }, showAfterMs);
  }

  update(progress: Progress): void {
    this.#latest = progress;
  }

  /** Takes the line away. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#isDrawn) process.stderr.write("\r\x1b[K");
    this.#isDrawn = false;
  }

  /** Takes the line away and leaves a last word, for output that goes where nobody looks. */
  finish(): void {
    this.stop();
    if (this.#isShown && this.#latest) process.stderr.write(`${this.#text()}\n`);
  }

  #draw(): void {
    this.#isDrawn = true;
    process.stderr.write(`\r\x1b[K${this.#text()}`.slice(0, (process.stderr.columns ?? 80) + 3));
  }

  #text(): string {
    const seconds = `${((performance.now() - this.#started) / 1000).toFixed(1)} s`;
    if (this.#latest === undefined) return `waiting for the first row  ${seconds}`;
    const { rows, bytes, fraction } = this.#latest;
    const share = fraction === undefined ? "" : `  ${Math.floor(fraction * 100)} %`;
    return `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"}  ${size(bytes)}${share}  ${seconds}`;
  }
}

/** Bytes for people. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${["kB", "MB", "GB", "TB"][power - 1]}`;
}
