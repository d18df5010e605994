import { FlightSqlClient } from "flightsql";
import { type Generated, Kysely } from "kysely";
import { inject, onTestFinished } from "vitest";
import "../support/provided.ts";
import { FlightSqlDialect, type FlightSqlDialectConfig } from "../../src/kysely/index.ts";

export interface Person {
  id: Generated<number>;
  first_name: string;
  last_name: string | null;
  age: number;
}

export interface Pet {
  id: Generated<number>;
  name: string;
  owner_id: number;
  species: "cat" | "dog";
}

export interface Database {
  person: Person;
  pet: Pet;
}

const { grpc, web } = inject("embedded");
const isNode = typeof process !== "undefined" && process.versions?.node !== undefined;
/** Native gRPC where the platform has it. */
export const url = isNode ? grpc : web;

let count = 0;

/** A client and a Kysely on it, in an empty schema of their own; all gone when the test is over. */
export async function emptySchema(
  config: Partial<FlightSqlDialectConfig> = {},
  features: Record<string, string> = {},
): Promise<{ client: FlightSqlClient; db: Kysely<Database>; schema: string }> {
  const schema = `kysely_${Math.random().toString(36).slice(2, 10)}_${count++}`;
  const client = new FlightSqlClient({ url, timeoutMs: 20_000, features });
  await client.executeUpdate(`CREATE SCHEMA ${schema}`);
  const root = new Kysely<Database>({ dialect: await FlightSqlDialect.create({ client, ...config }) });
  onTestFinished(async () => {
    await client.executeUpdate(`DROP SCHEMA ${schema} CASCADE`);
    await root.destroy();
    await client.close();
  });
  return { client, db: root.withSchema(schema), schema };
}

/** Four people with three pets. */
export async function people(config: Partial<FlightSqlDialectConfig> = {}): Promise<Kysely<Database>> {
  return (await peopleIn(config)).db;
}

/** The same, for who needs the schema's name or the client too. */
export async function peopleIn(
  config: Partial<FlightSqlDialectConfig> = {},
  features: Record<string, string> = {},
): ReturnType<typeof emptySchema> {
  const { client, db, schema } = await emptySchema(config, features);
  await client.executeUpdate(`CREATE SEQUENCE ${schema}.ids START 1`);
  const id = `id INTEGER PRIMARY KEY DEFAULT nextval('${schema}.ids')`;
  await client.executeUpdate(
    `CREATE TABLE ${schema}.person (${id}, first_name VARCHAR NOT NULL, last_name VARCHAR, age INTEGER NOT NULL)`,
  );
  await client.executeUpdate(`CREATE TABLE ${schema}.pet (${id}, name VARCHAR, owner_id INTEGER, species VARCHAR)`);
  await client.executeUpdate(
    `INSERT INTO ${schema}.person VALUES (101, 'Jennifer', 'Aniston', 50), (102, 'Arnold', 'Weber', 72),
       (103, 'Sylvester', 'Weber', 74), (104, 'Cher', NULL, 76)`,
  );
  await client.executeUpdate(
    `INSERT INTO ${schema}.pet VALUES (201, 'Catto', 101, 'cat'), (202, 'Doggo', 102, 'dog'), (203, 'Rex', 102, 'dog')`,
  );
  return { client, db, schema };
}
