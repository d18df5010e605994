import { count, elapsed } from "../numbers.ts";
import { button, byId, make } from "../page.ts";
import type { PastRun, RunHistory } from "./store.ts";

/** Runs that are drawn at a time; the search reaches all. */
const SHOWN = 200;

const WORDS: Record<PastRun["state"], string> = { done: "", canceled: "cancelled", failed: "failed" };

/** The dialog with what was run: a click puts it back into the editor. */
export class HistoryDialog {
  readonly #history: RunHistory;
  readonly #dialog = byId("history", HTMLDialogElement);
  readonly #search = byId("history-search", HTMLInputElement);
  readonly #list = byId("history-list", HTMLElement);
  readonly #pick: (sql: string) => void;
  #runs: PastRun[] = [];

  constructor(history: RunHistory, pick: (sql: string) => void) {
    this.#history = history;
    this.#pick = pick;
    this.#search.addEventListener("input", () => this.#draw());
    byId("history-close", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    byId("history-clear", HTMLButtonElement).addEventListener("click", async () => {
      await history.clear();
      this.#runs = [];
      this.#draw();
    });
  }

  async open(): Promise<void> {
    this.#search.value = "";
    this.#runs = await this.#history.all();
    this.#draw();
    this.#dialog.showModal();
    this.#search.focus();
  }

  #draw(): void {
    const wanted = this.#search.value.trim().toLowerCase();
    const found = this.#runs.filter((run) => `${run.sql}\n${run.server}\n${run.state}`.toLowerCase().includes(wanted));
    if (found.length === 0) {
      this.#list.replaceChildren(this.#runs.length === 0 ? "Nothing has been run yet." : "No run has that in it.");
      return;
    }
    const more = found.length > SHOWN ? [make("p", "", `${count(found.length - SHOWN)} more: search for them.`)] : [];
    this.#list.replaceChildren(...found.slice(0, SHOWN).map((run) => this.#entry(run)), ...more);
  }

  #entry(run: PastRun): HTMLElement {
    const entry = button("past", "", () => {
      this.#dialog.close();
      this.#pick(run.sql);
    });
    entry.dataset.state = run.state;
    const facts = [
      when(run.at),
      WORDS[run.state],
      `${count(run.rows)} ${run.rows === 1 ? "row" : "rows"}`,
      elapsed(run.ms),
      URL.canParse(run.server) ? new URL(run.server).host : run.server,
    ];
    entry.append(
      make("code", "", run.sql.length > 500 ? `${run.sql.slice(0, 500)}…` : run.sql),
      make("span", "facts", ...facts.filter(Boolean).map((fact) => make("span", "", fact))),
    );
    return entry;
  }
}

function when(at: number): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  return isToday ? time : `${date.toLocaleDateString(undefined, { day: "numeric", month: "short" })} ${time}`;
}
