import {
  autocompletion,
  type CompletionSource,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { keywordCompletionSource, PostgreSQL } from "@codemirror/lang-sql";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import { type Command, drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { type Statement, splitStatements } from "../src/mosaic/statements.ts";
import { schemaCompletion } from "./editor/completion.ts";
import type { ErrorPlace } from "./editor/error-position.ts";
import { highlight } from "./editor/highlight.ts";
import { markError, marks } from "./editor/marks.ts";
import { statementAt } from "./editor/statements.ts";
import type { Catalog } from "./tables/catalog.ts";

export interface Editor {
  text(): string;
  /** What Run means: the statements of the selection, or the one at the cursor. */
  chosen(): Statement[];
  all(): Statement[];
  /** Shows the text of a tab: as it was left, undo and cursor included, or as given. */
  open(tab: string, sql: string): void;
  /** Puts `sql` in place of the whole text; undo brings the old one back. */
  replace(sql: string): void;
  /** Writes `text` over the selection. */
  insert(text: string): void;
  /** Underlines a place of the text, or nothing. */
  mark(place: ErrorPlace | null): void;
  /** Puts the cursor there, in sight. */
  goTo(position: number): void;
  focus(): void;
}

export interface EditorEvents {
  run(): void;
  runAll(): void;
  /** Stops what runs; false when nothing does. */
  cancel(): boolean;
  change(sql: string): void;
  /** The tables and columns to suggest. */
  catalog(): Catalog | undefined;
}

/** A SQL editor in `parent`. Tab stays the browser's, so that the keyboard can leave the editor. */
export function createEditor(parent: HTMLElement, events: EditorEvents): Editor {
  const extensions = extensionsFor(events);
  const view = new EditorView({ parent, state: EditorState.create({ extensions }) });
  const states = new Map<string, EditorState>();
  let shown: string | undefined;
  const text = (): string => view.state.doc.toString();
  const cursorIn = (position: number): void => {
    view.dispatch({ selection: { anchor: position }, scrollIntoView: true });
    view.focus();
  };
  return {
    text,
    chosen: () => {
      const { from, to, empty, head } = view.state.selection.main;
      if (empty) return [statementAt(text(), head)].filter((statement) => statement !== undefined);
      return splitStatements(text().slice(from, to)).map((statement) => ({
        ...statement,
        from: from + statement.from,
        to: from + statement.to,
      }));
    },
    all: () => splitStatements(text()),
    open: (tab, sql) => {
      if (shown !== undefined) states.set(shown, view.state);
      shown = tab;
      const left = states.get(tab);
      const isSame = left?.doc.toString() === sql;
      view.setState(isSame ? left! : EditorState.create({ doc: sql, selection: { anchor: sql.length }, extensions }));
    },
    replace: (sql) => {
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: sql },
        selection: { anchor: sql.length },
      });
    },
    insert: (sql) => {
      view.dispatch(view.state.replaceSelection(sql), { scrollIntoView: true });
      view.focus();
    },
    mark: (place) => {
      const isInside = place !== null && place.to <= view.state.doc.length;
      view.dispatch({
        effects: isInside ? [markError.of(place), EditorView.scrollIntoView(place.from)] : markError.of(null),
      });
    },
    goTo: cursorIn,
    focus: () => view.focus(),
  };
}

function extensionsFor(events: EditorEvents): Extension {
  return [
    // Before the default keys, which have a use of their own for Ctrl-Enter.
    keymap.of([
      { key: "Mod-Enter", run: started(events.run), shift: started(events.runAll), preventDefault: true },
      // Or Escape would first drop the selection that has been run.
      { key: "Escape", run: events.cancel },
    ]),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    PostgreSQL.extension,
    // PostgreSQL's words come nearest to what most Flight SQL servers speak.
    PostgreSQL.language.data.of({ autocomplete: keywords }),
    PostgreSQL.language.data.of({ autocomplete: schemaCompletion(events.catalog) }),
    autocompletion({ icons: false }),
    syntaxHighlighting(highlight),
    marks,
    placeholder("SELECT …"),
    EditorView.lineWrapping,
    // The index says to checkers of accessibility what `contenteditable` says to browsers: here the keyboard can stop.
    EditorView.contentAttributes.of({ "aria-label": "SQL query", "data-gramm": "false", tabindex: "0" }),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) events.change(update.state.doc.toString());
    }),
  ];
}

const words = keywordCompletionSource(PostgreSQL, true);

/** SQL's own words, which do not stand behind a dot. */
const keywords: CompletionSource = (context) => (context.matchBefore(/\.\w*/) ? null : words(context));

/** The command for a key that runs queries: suggestions would only cover what comes. */
function started(run: () => void): Command {
  return (view) => {
    closeCompletion(view);
    run();
    return true;
  };
}
