import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { apiReference } from "./api-reference.ts";
import { root } from "./sources.ts";

// UPDATE_DOCS=1 npx vitest run --project node test/package/api-reference writes it anew.

test("docs/api.md says what the sources say", () => {
  const path = join(root, "docs/api.md");
  const reference = apiReference();
  if (process.env.UPDATE_DOCS === "1") writeFileSync(path, reference);
  expect(existsSync(path) ? readFileSync(path, "utf8") : "").toBe(reference);
});

test("the reference has what its entry points export, with signatures and what the docstrings say", () => {
  const reference = apiReference();
  for (const name of readFileSync(join(root, "test/package/api.txt"), "utf8").trim().split("\n")) {
    expect.soft(reference, name).toMatch(new RegExp(`^### \\w+ ${name.replace("type ", "")}\\b`, "m"));
  }
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
  for (const subpath of Object.keys(exports)) {
    if (["./node", "./web", "./package.json"].includes(subpath)) continue;
    expect.soft(reference).toContain(`\n## flightsql${subpath.slice(1)}\n`);
  }
  expect(reference).toContain("- `close(): Promise<void>`: Ends the calls under way");
  expect(reference).toContain(
    "- `executeUpdate(sql: string, params?: Parameters, options?: CallOptions): Promise<bigint>`",
  );
  expect(reference).toContain("- `parallelism?: number`: Endpoints read at the same time.");
  expect(reference).not.toMatch(/@internal|#connection/);
});
