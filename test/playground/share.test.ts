import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { fromHash, toHash } from "../../playground/share.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

const anySql = fc.string({ unit: "grapheme", maxLength: 300 });

it("brings back the query and the server", async () => {
  await fc.assert(
    fc.asyncProperty(
      anySql,
      fc.constantFrom(undefined, "http://127.0.0.1:31337", "https://a.example/b?c=1&d=2"),
      async (sql, server) => {
        const shared = server === undefined ? { sql } : { sql, server };
        const hash = await toHash(shared);
        expect(hash).toMatch(/^#sql=[zp][\w-]*(&server=[^#&]+)?$/);
        expect(await fromHash(hash)).toEqual(shared);
      },
    ),
    { numRuns: 50 },
  );
});

it("is short for long queries", async () => {
  const sql = "SELECT origin, count(*) FROM flights GROUP BY origin;\n".repeat(50);
  expect((await toHash({ sql })).length).toBeLessThan(sql.length / 10);
});

it("works where nothing can be compressed", async () => {
  vi.stubGlobal("CompressionStream", undefined);
  const hash = await toHash({ sql: "SELECT 'ä'" });
  expect(hash).toMatch(/^#sql=p/);
  vi.unstubAllGlobals();
  expect(await fromHash(hash)).toEqual({ sql: "SELECT 'ä'" });
});

it.each(["", "#", "#result", "#server=http://127.0.0.1:1"])("finds no query in %j", async (hash) => {
  expect(await fromHash(hash)).toBeUndefined();
});

it.each(["#sql=", "#sql=z", "#sql=q123", "#sql=z!!!", "#sql=zAAAA", "#sql=p_w"])(
  "refuses the damaged %j",
  async (hash) => {
    await expect(fromHash(hash)).rejects.toThrow("cannot be read");
  },
);

it("refuses what would unpack to too much", async () => {
  await expect(fromHash(await toHash({ sql: " ".repeat(3_000_000) }))).rejects.toThrow("cannot be read");
});

it("takes addresses of web servers only", async () => {
  const hash = await toHash({ sql: "SELECT 1", server: "javascript:alert(1)" });
  expect(await fromHash(hash)).toEqual({ sql: "SELECT 1" });
});
