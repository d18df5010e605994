import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { type Command, drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export interface Editor {
  text(): string;
  /** Puts `sql` in place of the whole text; undo brings the old one back. */
  replace(sql: string): void;
  /** Writes `text` over the selection. */
  insert(text: string): void;
  /** Names to offer while typing. */
  offer(tables: readonly string[]): void;
  focus(): void;
}

export interface EditorEvents {
  run(): void;
  change(sql: string): void;
}

/** A SQL editor in `parent`. Tab stays the browser's, so that the keyboard can leave the editor. */
export function createEditor(parent: HTMLElement, initial: string, events: EditorEvents): Editor {
  const language = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: initial,
      extensions: [
        // Before the default keys, which have a use of their own for Ctrl-Enter.
        keymap.of([{ key: "Mod-Enter", run: started(events.run), preventDefault: true }]),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        language.of(sqlWith([])),
        syntaxHighlighting(highlight),
        placeholder("SELECT …"),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "SQL query", "data-gramm": "false" }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) events.change(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    replace: (text) => {
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: text.length },
      });
    },
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text), { scrollIntoView: true });
      view.focus();
    },
    offer: (tables) => view.dispatch({ effects: language.reconfigure(sqlWith(tables)) }),
    focus: () => view.focus(),
  };
}

/** The command for a key that runs the query: suggestions would only cover what comes. */
function started(run: () => void): Command {
  return (view) => {
    closeCompletion(view);
    run();
    return true;
  };
}

/** PostgreSQL's words come nearest to what most Flight SQL servers speak. */
function sqlWith(tables: readonly string[]): Extension {
  const schema = Object.fromEntries(tables.map((table): [string, string[]] => [table, []]));
  return sql({ dialect: PostgreSQL, schema, upperCaseKeywords: true });
}

/** Colours come from the style sheet, so that they follow the colour scheme. */
const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--sql-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--sql-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--sql-number)" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--sql-name)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);
