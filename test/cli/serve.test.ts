import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { Table, tableToIPC, vectorFromArray } from "apache-arrow";
import { afterAll, beforeAll, expect, it } from "vitest";
import { batchRows } from "../../src/arrow/rows.ts";
import { openArrowFile } from "../../src/cli/arrow-file.ts";
import { outgrown } from "../../src/cli/outgrown.ts";
import { sortFiles } from "../../src/cli/served-files.ts";
import { FlightSqlClient } from "../../src/node.ts";
import { golden } from "../arrow/golden/golden.ts";
import { type Bin, buildBin } from "./bin.ts";

let bin: Bin;
beforeAll(async () => {
  bin = await buildBin("cli-serve");
});
afterAll(async () => bin?.close());

const path = (name: string): string => join(bin.folder, name);

it("Arrow files and streams, text files and a database are served side by side", async () => {
  const table = new Table({ n: vectorFromArray([1, 2, 3]), t: vectorFromArray(["a", "b", null]) });
  writeFileSync(path("numbers.arrow"), tableToIPC(table, "file"));
  writeFileSync(path("numbers-2.arrows"), tableToIPC(table, "stream"));
  writeFileSync(path("empty.feather"), tableToIPC(new Table(table.schema), "file"));
  writeFileSync(path("prices.csv"), "id,price\n1,2.5\n");
  const database = await DuckDBInstance.create(path("kept.duckdb"));
  const connection = await database.connect();
  await connection.run("CREATE TABLE kept AS SELECT 7 AS seven");
  connection.closeSync();
  database.closeSync();

  const files = ["numbers.arrow", "second=numbers-2.arrows", "empty.feather", "prices.csv", "kept.duckdb"];
  const { address, child } = await bin.serve(["serve", "--port", "0", ...files], /server: (grpc:\S+)/);
  const sql =
    "SELECT (SELECT sum(n) FROM numbers) AS a, (SELECT count(t) FROM second) AS b, (SELECT count(*) FROM empty) AS c, price, seven FROM prices, kept";
  const { out, err } = await bin.run(["query", "--url", address, sql]);
  expect(err).toBe("");
  expect(out).toBe("a,b,c,price,seven\n6,2,0,2.5,7\n");
  child.kill("SIGINT");
});

it.each(["lz4/mixed", "zstd/mixed", "lz4/linked-blocks"])("%s: compressed streams are read", async (name) => {
  const { stream, batches } = golden(name);
  const file = path("golden.arrows");
  writeFileSync(file, stream);
  const read: unknown[][] = [];
  for await (const batch of (await openArrowFile(file)).batches) {
    read.push([...batchRows<{ c: unknown }>(batch)].flat().map((row) => row.c));
  }
  expect(read).toEqual(batches);
});

it("results that pause for hours do not keep others waiting", async () => {
  writeFileSync(path("one.csv"), "id\n1\n");
  const { address, child } = await bin.serve(["serve", "--port", "0", "one.csv"], /server: (grpc:\S+)/);
  const client = new FlightSqlClient({ url: address });
  const pausing = "SELECT i FROM range(1000000000000) t(i) WHERE i < 1000000 OR hash(i) = 1";
  const paused = Array.from({ length: 6 }, () => client.query(pausing).table());
  for (const result of paused) result.catch(() => {});
  // Each of them has all it will ever have: the server sends no more.
  await sleep(5000);
  expect(await client.query("SELECT id FROM one", undefined, { timeoutMs: 20_000 }).all()).toEqual([{ id: 1n }]);
  await client.close();
  child.kill("SIGINT");
});

it.each([["serve"], ["bridge", "--upstream", "grpc://127.0.0.1:1"]])(
  "%s is reached by other machines only with a token",
  async (...args) => {
    writeFileSync(path("one.csv"), "id\n1\n");
    const command = args[0] === "serve" ? [...args, "one.csv"] : args;
    const open = [...command, "--port", "0", "--host", "0.0.0.0"];
    const { code, err } = await bin.run(open);
    expect(code).toBe(2);
    expect(err).toContain("there has to be a --token");
    const { address, child } = await bin.serve([...open, "--token", "s3cret-token"], /(http:\/\/0\.0\.0\.0:\d+)/);
    const url = address.replace("0.0.0.0", "127.0.0.1");
    const ask = async (metadata: Record<string, string>) => {
      const client = new FlightSqlClient({ url, metadata, timeoutMs: 20_000 });
      return await client
        .query("SELECT 1 AS one")
        .all()
        .catch(({ code, message }) => [code, message])
        .finally(() => client.close());
    };
    expect((await ask({}))[0]).toBe("unauthenticated");
    if (args[0] === "serve") expect(await ask({ authorization: "Bearer s3cret-token" })).toEqual([{ one: 1 }]);
    // The bridge lets it through, to where nothing is.
    else expect((await ask({ "x-bridge-token": "s3cret-token" }))[0]).toBe("unavailable");
    child.kill("SIGINT");
  },
);

it("what cannot be served is named", async () => {
  writeFileSync(path("broken.arrow"), "ARROW1\0\0\xff\xff\xff\xff");
  for (const [file, what] of [
    ["broken.arrow", /broken\.arrow/],
    ["missing.parquet", /there is no file missing\.parquet/],
    ["missing.duckdb", /there is no file missing\.duckdb/],
  ] as const) {
    const { code, err } = await bin.run(["serve", "--port", "0", file]);
    expect.soft(code).not.toBe(0);
    expect.soft(err).toMatch(what);
  }
});

it("a database is one, and --database may make it", () => {
  expect(sortFiles([], "/tmp/no-such.duckdb").database).toBe("/tmp/no-such.duckdb");
  expect(() => sortFiles([path("kept.duckdb")], "other.duckdb")).toThrow(/one database/);
});

it("data that outgrows the machine is told what to do", () => {
  const giga = 2 ** 30;
  expect(outgrown([{ bytes: giga, isLoaded: true }], 8 * giga)).toBeNull();
  expect(outgrown([{ bytes: 6 * giga, isLoaded: false }], 8 * giga)).toBeNull();
  expect(outgrown([{ bytes: 6 * giga, isLoaded: true }], 8 * giga)).toMatch(/Turn them into Parquet/);
  expect(outgrown([{ bytes: 9 * giga, isLoaded: false }], 8 * giga)).toMatch(/distributed engine/);
});
