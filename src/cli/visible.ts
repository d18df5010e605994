/**
 * Text without characters that a terminal acts upon: controls as their pictures (U+2400 and up), and what turns the
 * direction of text, or moves the cursor by 8-bit codes, as U+FFFD.
 */
export function visible(text: string): string {
  return hidden.test(text) ? text.replace(all, picture) : text;
}

// C0, DEL and C1 controls; line and paragraph separators; bidirectional overrides and isolates.
const hidden = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const all = new RegExp(hidden.source, "gu");

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\ufffd";
}

/** How many columns of a terminal a text without controls takes: wide East Asian characters and emoji take two. */
export function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += wide.test(segment) ? 2 : zero.test(segment) ? 0 : 1;
  return columns;
}

/** The text, or as much of it as fits, with `…` where the rest was. */
export function clip(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let out = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += columnsOf(segment);
    if (used > columns - 1) break;
    out += segment;
  }
  return `${out}…`;
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
// UAX #11: wide and fullwidth ranges in use, and what is shown as an emoji by itself or asks for it (U+FE0F).
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const zero = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
