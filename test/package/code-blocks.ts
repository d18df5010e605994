/** A fenced block of a Markdown file. */
export interface CodeBlock {
  /** Where its first line of code is, counted from 1. */
  readonly line: number;
  /** The words behind the opening fence: language first. */
  readonly info: readonly string[];
  readonly code: string;
}

/** The fenced blocks of a Markdown text, those in lists and quotes without what indents them. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { indent: string; fence: string; line: number; info: string[]; code: string[] } | null = null;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const match = /^([\s>]*)(`{3,}|~{3,})(.*)$/.exec(text);
    if (open === null) {
      if (match === null) continue;
      const [, indent = "", fence = "", info = ""] = match;
      open = { indent, fence, line: index + 2, info: info.trim().split(/\s+/), code: [] };
    } else if (match?.[2]?.startsWith(open.fence) && match[3]?.trim() === "") {
      blocks.push({ line: open.line, info: open.info, code: open.code.join("\n") });
      open = null;
    } else {
      open.code.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text.trimStart());
    }
  }
  if (open !== null) throw new Error(`the code block that begins before line ${open.line} has no end`);
  return blocks;
}
