import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fresh = join(root, ".cache/gen");

test("src/gen is what buf generates from proto/", { timeout: 60_000 }, async () => {
  rmSync(fresh, { recursive: true, force: true });
  await promisify(execFile)("npx", ["--no", "buf", "generate", "--output", fresh], { cwd: root, timeout: 50_000 });
  const generated = files(join(fresh, "src/gen"));
  expect([...generated.keys()]).toEqual(["FlightSql_pb.ts", "Flight_pb.ts"]);
  const committed = files(join(root, "src/gen"));
  expect([...committed.keys()]).toEqual([...generated.keys()]);
  for (const [name, bytes] of generated) {
    expect(committed.get(name)?.equals(bytes), `${name} differs: run npx buf generate and commit src/gen`).toBe(true);
  }
});

function files(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}
