import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, type TestContext, test } from "vitest";
import type {} from "../support/provided.ts";
import { type CodeBlock, codeBlocks } from "./code-blocks.ts";
import { installFlightSql, tsc } from "./install.ts";
import { skip } from "./skip.ts";
import { hasSource, root } from "./sources.ts";

// Every ```ts block of the documents compiles against the package as a user has it, and every ```ts run block runs
// against a real server.

interface Example extends CodeBlock {
  /** Document and line, such as README-12. */
  readonly name: string;
  readonly runs: boolean;
}

const documents = [join(root, "README.md"), ...markdownIn(join(root, "docs"))].filter((path) => existsSync(path));

const examples: readonly Example[] = documents.flatMap((path) =>
  codeBlocks(readFileSync(path, "utf8"))
    .filter(({ info }) => info[0] === "ts")
    .map((block) => ({ ...block, name: `${basename(path, ".md")}-${block.line}`, runs: block.info.includes("run") })),
);
const running = examples.filter(({ runs }) => runs);

test("the documents have ts blocks, some of which run", (context) => {
  needDocuments(context);
  expect.soft(examples.length, "ts blocks").toBeGreaterThan(0);
  expect.soft(running.length, "ts run blocks").toBeGreaterThan(0);
});

test("all ts blocks compile against the package", { timeout: 180_000 }, async (context) => {
  needDocuments(context);
  await compile();
});

for (const example of running) {
  test(`${example.name} runs`, { timeout: 240_000 }, async (context) => {
    needDocuments(context);
    const servers = inject("embedded");
    if (servers === undefined) skip(context, "no embedded server was provided");
    const consumer = await compile();
    const code = readFileSync(join(consumer, "out", `${example.name}.js`), "utf8")
      .replaceAll(/grpc(\+tcp)?:\/\/(127\.0\.0\.1|localhost):\d+/g, servers.grpc)
      .replaceAll(/http:\/\/(127\.0\.0\.1|localhost):\d+/g, servers.web);
    mkdirSync(join(consumer, "run"), { recursive: true });
    const file = join(consumer, "run", `${example.name}.js`);
    writeFileSync(file, code);
    await runNode(file, { FLIGHTSQL_URL: servers.grpc, FLIGHTSQL_WEB_URL: servers.web });
  });
}

test("code blocks are lifted from Markdown", () => {
  const text = ["# a", "```ts run", "x", "```", "- item", "  ````sql", "  ```", "  ````", "> ```", "> y", "> ```"];
  expect(codeBlocks(text.join("\n"))).toEqual([
    { line: 3, info: ["ts", "run"], code: "x" },
    { line: 7, info: ["sql"], code: "```" },
    { line: 10, info: [""], code: "y" },
  ]);
  expect(() => codeBlocks("```ts\nx")).toThrow("before line 2 has no end");
});

let compiling: Promise<string> | undefined;

/** Compiles all examples in one go, once; returns the consumer's folder with the JavaScript in out/. */
function compile(): Promise<string> {
  compiling ??= (async () => {
    const consumer = await installFlightSql("readme");
    for (const example of examples) writeFileSync(join(consumer, `${example.name}.ts`), moduleOf(example));
    writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify(tsconfig));
    await tsc(["-p", consumer]);
    return consumer;
  })();
  return compiling;
}

const tsconfig = {
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    types: ["node"],
    rootDir: ".",
    outDir: "out",
  },
  include: ["*.ts"],
};

// A fragment, which uses `client` without making one, is given one. Empty lines bring the code to the line it has in
// the document, so that the compiler's messages name that line.
function moduleOf({ code, line }: Example): string {
  const fragment = /\bclient\b/.test(code) && !/\b(const|let|using)\s+client\b/.test(code);
  const before = fragment
    ? 'import { FlightSqlClient as $Client } from "flightsql"; const client = new $Client("grpc://127.0.0.1:31337");'
    : "";
  const after = fragment ? "await client.close();" : "";
  return `${before}${"\n".repeat(line - 1)}${code}\n${after}\nexport {};\n`;
}

async function runNode(file: string, env: Record<string, string>): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [file], { env: { ...process.env, ...env }, timeout: 30_000 });
  } catch (error) {
    if (!(error instanceof Error) || !("stderr" in error)) throw error;
    const why = "killed" in error && error.killed === true ? "was still running after 30 s" : "failed";
    throw new Error(`${basename(file)} ${why}:\n${String(error.stderr)}`);
  }
}

function needDocuments(context: TestContext): void {
  if (documents.length === 0) skip(context, "there is no README.md yet");
  if (!hasSource("node.ts") || !hasSource("web.ts")) skip(context, "src/node.ts and src/web.ts do not both exist yet");
}

function markdownIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}
