import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, type TestContext, test } from "vitest";
import { installFlightSql } from "./install.ts";
import { skip } from "./skip.ts";
import { hasSource, readSources, root } from "./sources.ts";

// The names of the API are a promise: api.txt lists them, types marked as such. After a change that is meant, run
// UPDATE_API=1 npx vitest run test/package/exports, and let the difference be reviewed with it.

const list = fileURLToPath(new URL("api.txt", import.meta.url));

test("both entry points export the names in api.txt", (context) => {
  needEntryPoints(context);
  const names = exportedNames("node.ts");
  expect.soft(exportedNames("web.ts"), "web.ts against node.ts").toEqual(names);
  if (process.env.UPDATE_API !== undefined) writeFileSync(list, `${names.join("\n")}\n`);
  const listed = existsSync(list) ? readFileSync(list, "utf8").trimEnd().split("\n") : [];
  expect.soft(names, "node.ts against api.txt").toEqual(listed);
});

test("the built package has every target of its exports, and they load", { timeout: 120_000 }, async (context) => {
  needEntryPoints(context);
  const installed = join(await installFlightSql("exports"), "node_modules/flightsql");
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: unknown };
  const targets = [...new Set(leaves(exports))];
  expect(targets).toContain("./dist/node.js");
  expect(targets).toContain("./dist/web.js");

  const code = targets.filter((target) => target.endsWith(".js"));
  const files = [...targets, ...code.map((target) => target.replace(/\.js$/, ".d.ts"))];
  expect.soft(files.filter((file) => !existsSync(join(installed, file)))).toEqual([]);

  const values = exportedNames("node.ts").filter((name) => !name.startsWith("type "));
  for (const target of code.filter((file) => existsSync(join(installed, file)))) {
    const module = (await import(pathToFileURL(join(installed, target)).href)) as Record<string, unknown>;
    expect.soft(Object.keys(module).length, `${target} exports something`).toBeGreaterThan(0);
    if (target === "./dist/node.js" || target === "./dist/web.js") {
      expect.soft(Object.keys(module).sort(), `${target} at run time`).toEqual(values);
    }
  }
});

function needEntryPoints(context: TestContext): void {
  if (!hasSource("node.ts") || !hasSource("web.ts")) skip(context, "src/node.ts and src/web.ts do not both exist yet");
}

/** Names in order of their code units, a type's with "type " in front and after the values. */
function exportedNames(entry: string): string[] {
  const sources = readSources();
  const names = new Map<string, boolean>();
  const collect = (path: string, onlyTypes: boolean): void => {
    const source = sources.get(path);
    if (source === undefined) throw new Error(`src/${path} is exported from but does not exist`);
    for (const { name, isType, from } of source.exports) {
      if (name !== null) names.set(name, (names.get(name) ?? true) && (isType || onlyTypes));
      else if (from !== null) collect(from, isType || onlyTypes);
    }
  };
  collect(entry, false);
  const all = [...names.keys()].sort();
  const values = all.filter((name) => names.get(name) === false);
  return [...values, ...all.filter((name) => names.get(name) === true).map((name) => `type ${name}`)];
}

function leaves(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [];
}
