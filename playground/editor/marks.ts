import { type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { splitStatements } from "../../src/mosaic/statements.ts";
import type { ErrorPlace } from "./error-position.ts";
import { statementAt } from "./statements.ts";

/** Characters up to which the statement at the cursor is looked for at each move. */
const SMALL = 200_000;

/** Marks the place that a failure tells of; null takes the mark away. */
export const markError: ReturnType<typeof StateEffect.define<ErrorPlace | null>> =
  StateEffect.define<ErrorPlace | null>();

const underline = Decoration.mark({ class: "sql-error", attributes: { title: "The server stumbled here" } });

const errorField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    // What was typed over is no longer what failed.
    if (transaction.docChanged) {
      next = next.update({ filter: (from, to) => !transaction.changes.touchesRange(from, to) });
    }
    for (const effect of transaction.effects) {
      if (effect.is(markError)) {
        next = effect.value ? Decoration.set(underline.range(effect.value.from, effect.value.to)) : Decoration.none;
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const current = Decoration.line({ class: "current-statement" });

/** Marks the lines of the statement that would be run, when there are several to choose from. */
const currentStatement = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = currentLines(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.selectionSet) this.decorations = currentLines(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function currentLines({ state }: EditorView): DecorationSet {
  const { main } = state.selection;
  if (!main.empty || state.doc.length > SMALL) return Decoration.none;
  const sql = state.doc.toString();
  const statement = statementAt(sql, main.head);
  if (!statement || splitStatements(sql).length < 2) return Decoration.none;
  const lines = new RangeSetBuilder<Decoration>();
  for (let at = statement.from; at <= statement.to; ) {
    const line = state.doc.lineAt(at);
    lines.add(line.from, line.from, current);
    at = line.to + 1;
  }
  return lines.finish();
}

export const marks: Extension = [errorField, currentStatement];
