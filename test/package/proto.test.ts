import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { expect, type TestContext, test } from "vitest";
import { file_Flight } from "../../src/gen/Flight_pb.ts";
import { file_FlightSql } from "../../src/gen/FlightSql_pb.ts";
import { descriptorFacts, factDifferences } from "./descriptor-facts.ts";
import { goFile, pythonFlightSql } from "./foreign-descriptors.ts";
import { skip } from "./skip.ts";

// Our proto files were written from the facts of the protocol. What makes them right is that programs of others, which
// talk to each other already, carry the same descriptors.

interface Known {
  readonly lines: RegExp;
  readonly reason: string;
}

test("Flight.proto says what arrow-go says", { timeout: 360_000 }, async (context) => {
  const theirs = await foreign(context, () => goFile("Flight"));
  expectSame(file_Flight.proto, theirs, []);
});

test("FlightSql.proto says what arrow-go says", { timeout: 360_000 }, async (context) => {
  const theirs = await foreign(context, () => goFile("FlightSql"));
  expectSame(file_FlightSql.proto, theirs, []);
});

test("FlightSql.proto says what flightsql-dbapi says", { timeout: 180_000 }, async (context) => {
  const theirs = await foreign(context, pythonFlightSql);
  expectSame(file_FlightSql.proto, theirs, [
    { lines: /^\+ \w+ CommandStatementIngest(\.|$)/, reason: "bulk ingestion came after their copy" },
    {
      lines: /^\+ value SqlInfo\.FLIGHT_SQL_SERVER_(BULK_INGESTION|INGEST_TRANSACTIONS_SUPPORTED)$/,
      reason: "bulk ingestion came after their copy",
    },
    {
      lines: /^\+ \w+ DoPutPreparedStatementResult(\.|$)/,
      reason: "handles that change when bound (Arrow 17) came after their copy",
    },
    {
      lines: /^\+ field ActionCreatePreparedStatementResult\.is_update$/,
      reason: "added to Arrow's format in June 2026",
    },
    {
      lines: /^~ message ActionCancelQuery(Request|Result): ours "deprecated", theirs ""$/,
      reason: "deprecated by Arrow 13 in favour of CancelFlightInfo",
    },
    {
      lines: /^- experimental (Command|Action|Ticket)\w+$|^- experimental (DoPutUpdateResult|SubstraitPlan)$/,
      reason: "Arrow has since taken the mark off all messages; the option itself stays declared",
    },
  ]);
});

test("every kind of difference is seen", () => {
  const ours = descriptorFacts(file_FlightSql.proto);
  expect(ours.get("field arrow.flight.protocol.sql.CommandGetDbSchemas.catalog")).toBe(
    "1 optional string oneof _catalog proto3_optional",
  );
  const theirs = new Map(ours);
  theirs.set("field arrow.flight.protocol.sql.CommandGetDbSchemas.catalog", "1 optional string");
  theirs.delete("message arrow.flight.protocol.sql.CommandGetCatalogs");
  theirs.set("value arrow.flight.protocol.sql.Searchable.SEARCHABLE_MORE", "4");
  expect(factDifferences(ours, theirs).map((line) => line.split(":")[0])).toEqual([
    "+ message arrow.flight.protocol.sql.CommandGetCatalogs",
    "~ field arrow.flight.protocol.sql.CommandGetDbSchemas.catalog",
    "- value arrow.flight.protocol.sql.Searchable.SEARCHABLE_MORE",
  ]);
});

async function foreign(context: TestContext, fetch: () => Promise<FileDescriptorProto>): Promise<FileDescriptorProto> {
  try {
    return await fetch();
  } catch (error) {
    return skip(context, error instanceof Error ? error.message : String(error));
  }
}

function expectSame(ours: FileDescriptorProto, theirs: FileDescriptorProto, known: readonly Known[]): void {
  const facts = descriptorFacts(theirs);
  expect(facts.get("package"), "the package of their descriptor").toBe(ours.package);
  const lines = factDifferences(descriptorFacts(ours), facts).map((line) => line.replaceAll(`${ours.package}.`, ""));
  expect(lines.filter((line) => !known.some((one) => one.lines.test(line)))).toEqual([]);
  // A difference that is gone must leave the list.
  const stale = known.filter((one) => !lines.some((line) => one.lines.test(line)));
  expect(stale.map((one) => `${one.lines} (${one.reason})`)).toEqual([]);
}
