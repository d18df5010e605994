import type { FlightSqlClient } from "flightsql";
import { ConnectionBox } from "./connection.ts";
import { createEditor } from "./editor.ts";
import { explain } from "./errors.ts";
import { Notice } from "./notice.ts";
import { byteSize } from "./numbers.ts";
import { byId } from "./page.ts";
import { ProgressLine } from "./progress.ts";
import { ResultPane } from "./result-pane.ts";
import { type Run, startRun } from "./run.ts";
import { TablePanel } from "./table-panel.ts";

const DRAFT = "flightsql.draft";

const runButton = byId("run", HTMLButtonElement);
const cancelButton = byId("cancel", HTMLButtonElement);
const progress = new ProgressLine(
  byId("progress", HTMLElement),
  byId("meter", HTMLElement),
  byId("announce", HTMLElement),
);
const notice = new Notice(byId("notice", HTMLElement));
const result = new ResultPane();
const connection = new ConnectionBox(location.origin, connect);
const editor = createEditor(byId("editor", HTMLElement), localStorage.getItem(DRAFT) ?? "", {
  run: () => void runQuery(),
  change: (sql) => localStorage.setItem(DRAFT, sql),
});
const tables = new TablePanel({
  preview: (name) => {
    editor.replace(`SELECT *\nFROM ${name}\nLIMIT 100`);
    void runQuery();
  },
  insert: (name) => editor.insert(name),
});

let client: FlightSqlClient;
let running: Run | undefined;

async function runQuery(): Promise<void> {
  const sql = editor.text().trim();
  if (sql === "") return editor.focus();
  running?.cancel();
  notice.hide();
  result.clear();
  progress.start();
  const run = startRun(client, sql, {
    schema: (schema) => result.begin(schema),
    batch: (batch) => result.add(batch),
    progress: (latest) => progress.update(latest),
    paused: (bytes) => {
      progress.pause(true);
      notice.question(`This page now holds ${byteSize(bytes)} of rows.`, "The query waits at the server.", [
        { label: "Read on", act: () => goOn(run) },
        { label: "That is enough", act: () => run.cancel() },
      ]);
    },
  });
  running = run;
  cancelButton.disabled = false;
  const outcome = await run.finished;
  // Another run has taken over the page.
  if (running !== run) return;
  running = undefined;
  cancelButton.disabled = true;
  progress.end(outcome.state);
  notice.hide();
  if (outcome.state !== "failed") return result.end();
  const explanation = await explain(outcome.error);
  if (!running) notice.error(explanation);
}

function goOn(run: Run): void {
  notice.hide();
  progress.pause(false);
  run.resume();
}

function connect(): void {
  running?.cancel();
  void client?.close();
  client = connection.client();
  void listTables();
}

async function listTables(): Promise<void> {
  connection.show("connecting");
  const asked = client;
  const names = await tables.load(asked);
  // Another server has been asked for meanwhile.
  if (asked !== client) return;
  connection.show(names ? "connected" : "failed");
  if (!names) return;
  editor.offer(names);
  if (editor.text() === "" && names[0]) editor.replace(`SELECT *\nFROM ${names[0]}\nLIMIT 100`);
}

document.addEventListener("keydown", (event) => {
  // What is open on top of the page (suggestions, a dialog, the side panel) closes first.
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  running?.cancel();
});
runButton.addEventListener("click", () => void runQuery());
cancelButton.addEventListener("click", () => running?.cancel());
byId("refresh", HTMLButtonElement).addEventListener("click", () => void listTables());
if (/Mac|iPhone|iPad/.test(navigator.userAgent)) {
  for (const key of document.querySelectorAll("kbd.run-key")) key.textContent = "⌘ ↵";
}
connect();
editor.focus();
