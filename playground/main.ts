import { FlightSqlClient } from "flightsql";
import type { Statement } from "../src/mosaic/statements.ts";
import { ConnectionBox } from "./connection/box.ts";
import { serverName } from "./connection/server-info.ts";
import { clientOptions, remember, type ServerSettings } from "./connection/settings.ts";
import { errorPlace } from "./editor/error-position.ts";
import { TabStore } from "./editor/tab-store.ts";
import { QueryTabs } from "./editor/tabs.ts";
import { createEditor } from "./editor.ts";
import { type Explanation, explain, isUnimplemented } from "./errors.ts";
import { HistoryDialog } from "./history/dialog.ts";
import { RunHistory } from "./history/store.ts";
import { keysDialog, pageKeys } from "./keys.ts";
import { linkButton, openLink } from "./link.ts";
import { Notice, type NoticeAction } from "./notice.ts";
import { byId, isMac } from "./page.ts";
import { PlanDialog } from "./plan.ts";
import { ProgressLine } from "./progress.ts";
import { Results } from "./results.ts";
import { Runner } from "./runner.ts";
import { TablePanel } from "./table-panel.ts";
import { Catalog, sqlName } from "./tables/catalog.ts";
import { themeToggle } from "./theme.ts";

const click = (id: string, act: () => void): void => byId(id, HTMLButtonElement).addEventListener("click", act);

themeToggle(byId("theme", HTMLButtonElement));
const tabStore = await TabStore.open({ local: localStorage, session: sessionStorage, locks: navigator.locks });
const runButton = byId("run", HTMLButtonElement);
const runAllButton = byId("run-all", HTMLButtonElement);
const cancelButton = byId("cancel", HTMLButtonElement);
const notice = new Notice(byId("notice", HTMLElement));
const runs = new RunHistory();
const plan = new PlanDialog();

let client: FlightSqlClient;
let address = "";
let catalog: Catalog | undefined;

const runner = new Runner({
  results: new Results(),
  progress: new ProgressLine(byId("progress", HTMLElement), byId("meter", HTMLElement), byId("announce", HTMLElement)),
  notice,
  running: (isRunning) => {
    cancelButton.disabled = !isRunning;
  },
  ended: (run) => {
    void runs.add(run).catch(() => {});
    if (run.state === "done" && /^\s*(create|drop|alter|attach|detach|use)\b/i.test(run.sql)) void listTables();
  },
  failed: showPlace,
});

const editor = createEditor(byId("editor", HTMLElement), {
  run: () => run(editor.chosen()),
  runAll: () => run(editor.all()),
  cancel: () => runner.cancel(),
  change: (sql) => {
    tabs.changed(sql);
    offerRunAll(sql);
  },
  catalog: () => catalog,
});

const tabs = new QueryTabs(tabStore, {
  show: ({ id, sql }) => {
    editor.open(id, sql);
    offerRunAll(sql);
  },
  write: () => editor.focus(),
  closed: ({ title }, undo) => notice.info(`Closed “${title}”.`, "", [{ label: "Undo", act: undo }]),
  unkept: () => notice.info("This browser has no room to keep the queries.", "They are gone when the page closes."),
});

const tables = new TablePanel({ preview, insert: (name) => editor.insert(name) });
const connection = new ConnectionBox(location.origin, connect);
const history = new HistoryDialog(runs, (sql) => {
  tabs.add(sql);
  editor.focus();
});

function offerRunAll(sql: string): void {
  // What is that long is not counted at each letter: it is a script.
  runAllButton.hidden = sql.length < 200_000 && editor.all().length < 2;
}

function run(statements: readonly Statement[]): void {
  editor.mark(null);
  if (statements.length === 0) editor.focus();
  else void runner.run(client, address, statements);
}

/** Underlines where a statement failed, if it still stands there. */
function showPlace(statement: Statement, message: string): NoticeAction | undefined {
  const place = errorPlace(message, statement.text);
  const text = editor.text();
  if (!place || text.slice(statement.from, statement.to) !== statement.text) return undefined;
  const [from, to] = [statement.from + place.from, statement.from + place.to];
  editor.mark({ from, to });
  return { label: `Go to line ${text.slice(0, from).split("\n").length}`, act: () => editor.goTo(from) };
}

/** Shows a table's first rows, in a tab of their own if the shown one has something else in it. */
function preview(name: string): void {
  const sql = `SELECT *\nFROM ${name}\nLIMIT 100`;
  if (/^(SELECT \*\nFROM .+\nLIMIT 100)?$/.test(editor.text())) editor.replace(sql);
  else tabs.add(sql);
  run(editor.all());
}

/** Turns to a server; returns what went wrong. */
async function connect(settings: ServerSettings): Promise<Explanation | undefined> {
  let next: FlightSqlClient;
  try {
    next = new FlightSqlClient(clientOptions(settings));
  } catch (error) {
    return {
      title: "These are no settings for a server.",
      detail: error instanceof Error ? error.message : String(error),
    };
  }
  runner.cancel();
  void client?.close();
  client = next;
  address = settings.url;
  catalog = undefined;
  const trouble = await listTables();
  if (!trouble && client === next) remember(settings);
  return trouble;
}

async function listTables(): Promise<Explanation | undefined> {
  const [asked, at] = [client, address];
  connection.show("connecting", at);
  tables.wait();
  const name = serverName(asked);
  try {
    const loaded = await Catalog.load(asked).catch((error: unknown) => {
      // Some servers run queries and list nothing.
      if (isUnimplemented(error)) return new Catalog(asked, []);
      throw error;
    });
    // Another server has been asked for meanwhile.
    if (asked !== client) return undefined;
    catalog = loaded;
  } catch (error) {
    const trouble = await explain(error, at);
    if (asked !== client) return undefined;
    connection.show("failed", at);
    tables.fail(trouble);
    return trouble;
  }
  tables.show(catalog);
  connection.show("connected", at);
  void name.then((server) => {
    if (asked === client) connection.show("connected", at, server);
  });
  const first = catalog.tables[0];
  if (editor.text() === "" && first) editor.replace(`SELECT *\nFROM ${sqlName(first, catalog.tables)}\nLIMIT 100`);
  return undefined;
}

runButton.addEventListener("click", () => run(editor.chosen()));
runAllButton.addEventListener("click", () => run(editor.all()));
cancelButton.addEventListener("click", () => runner.cancel());
click("explain", () => {
  const [statement] = editor.chosen();
  if (statement) void plan.show(client, statement.text, (error) => explain(error, address));
});
click("refresh", () => void listTables());
click("new-tab", () => newTab());
click("show-history", () => void history.open());
linkButton(byId("copy-link", HTMLButtonElement), notice, () => ({
  sql: editor.text(),
  ...(address !== location.origin && { server: address }),
}));
const showKeys = keysDialog();
click("show-keys", showKeys);
pageKeys({
  cancel: () => void runner.cancel(),
  newTab,
  stepTab: (by) => tabs.step(by),
  search: () => tables.focusSearch(),
  history: () => void history.open(),
  help: showKeys,
});

function newTab(): void {
  tabs.add("");
  editor.focus();
}

async function openShared(): Promise<void> {
  await openLink(notice, ({ sql, server }) => {
    tabs.add(sql, "Shared");
    if (server === undefined || server === connection.settings.url) return;
    notice.info("This link's query is for another server.", server, [
      { label: "Connect to it", act: () => connection.open(server) },
    ]);
  });
}

async function start(): Promise<void> {
  if (isMac) for (const key of document.querySelectorAll("kbd.run-key")) key.textContent = "⌘ ↵";
  editor.open(tabs.active.id, tabs.active.sql);
  offerRunAll(tabs.active.sql);
  await openShared();
  window.addEventListener("hashchange", () => void openShared());
  editor.focus();
  const trouble = await connect(connection.settings);
  if (trouble) notice.error(trouble, [{ label: "Change the server", act: () => connection.open() }]);
}

/** The dashboard that is built with the page may have been left out where it is served. */
async function offerDashboard(): Promise<void> {
  const link = byId("dashboard", HTMLAnchorElement);
  const answer = await fetch(link.href, { method: "HEAD" }).catch(() => undefined);
  link.hidden = !answer?.ok;
}

void start();
void offerDashboard();
