import { HighlightStyle } from "@codemirror/language";
import { tags } from "@lezer/highlight";

/** Colours come from the style sheet, so that they follow the colour scheme. */
export const highlight: HighlightStyle = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--sql-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--sql-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--sql-number)" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--sql-name)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);
