import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { envoyConfig } from "../interop/envoy.ts";
import { root } from "./sources.ts";

// Parts of the README that are made from something else stand between markers. UPDATE_README=1 writes them anew.

const path = join(root, "README.md");

const parts: Readonly<Record<string, () => string>> = {
  // The configuration that the interop tests run, for a server on port 32010.
  envoy: () => `\`\`\`yaml\n${envoyConfig({ upstreamPort: 32010, listeners: [{ port: 8080 }] })}\`\`\``,
  // What `npm run runtimes` found.
  runtimes: () => readFileSync(join(root, "test/runtimes/runtimes.md"), "utf8").trimEnd(),
};

for (const [name, make] of Object.entries(parts)) {
  test(`README: ${name}`, () => {
    const readme = readFileSync(path, "utf8");
    const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
    const start = readme.indexOf(begin) + begin.length;
    const stop = readme.indexOf(end);
    expect(stop, `markers of ${name}`).toBeGreaterThan(start);
    if (process.env.UPDATE_README === "1") writeFileSync(path, readme.slice(0, start) + make() + readme.slice(stop));
    else expect(readme.slice(start, stop)).toBe(make());
  });
}
