import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { root } from "./sources.ts";

// Whoever follows a link of the documents arrives: at a file of this repository, and at a heading of it.

const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...markdownIn("docs")];

test.each(documents)("the links of %s lead somewhere", (document) => {
  const links = linksOf(readFileSync(join(root, document), "utf8"));
  expect(links.filter((link) => !/^[a-z]+:/i.test(link)).flatMap((link) => fault(document, link))).toEqual([]);
});

test("every document of docs/ is reached from its index", () => {
  const reached = linksOf(readFileSync(join(root, "docs/index.md"), "utf8")).map((link) => link.split("#")[0]);
  expect(markdownIn("docs").filter((path) => path !== "docs/index.md" && !reached.includes(path.slice(5)))).toEqual([]);
});

test("a link that leads nowhere is found", () => {
  const text =
    "# A `b`: c, d!\n```sh\n# no heading\n[x](not-a-link)\n```\n## A b: c, d\n[a](#a-b-c-d) `[b](code)` [c\nd](x.md 'y')";
  expect(linksOf(text)).toEqual(["#a-b-c-d", "x.md"]);
  expect(anchorsOf(text)).toEqual(["a-b-c-d", "a-b-c-d-1"]);
  expect(fault("README.md", "docs/nothing.md")).toHaveLength(1);
  expect(fault("README.md", "docs/index.md#nothing")).toHaveLength(1);
  expect(fault("docs/index.md", "../README.md#values")).toEqual([]);
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
}

function fault(document: string, link: string): string[] {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? join(root, document) : resolve(dirname(join(root, document)), decodeURI(path));
  if (!target.startsWith(root) || !existsSync(target)) return [`${link}: there is no such file`];
  if (anchor === undefined) return [];
  const found = statSync(target).isFile() && anchorsOf(readFileSync(target, "utf8")).includes(anchor);
  return found ? [] : [`${link}: ${relative(root, target)} has no such heading`];
}

function linksOf(markdown: string): string[] {
  const prose = withoutCode(markdown).replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\[[^\]]*\]\(([^()\s]+)[^()]*\)/g)].map(([, link]) => link!);
}

/** The anchors of the headings, as GitHub makes them: the same text again gets a number. */
function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(markdown).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading]) => {
    const text = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^([ >]*)(`{3,}|~{3,})[\s\S]*?^[ >]*\2[ \t]*$/gm, "");
}
