import { create } from "@bufbuild/protobuf";
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  type CloseSessionResult,
  CloseSessionResult_Status,
  CloseSessionResultSchema,
  type GetSessionOptionsResult,
  GetSessionOptionsResultSchema,
  SetSessionOptionsResult_ErrorValue as Refusal,
  SessionOptionValueSchema,
  type SetSessionOptionsRequest,
  type SetSessionOptionsResult,
  SetSessionOptionsResult_ErrorSchema,
  SetSessionOptionsResultSchema,
} from "../../gen/Flight_pb.ts";
import type { Call } from "../backend.ts";
import { identifier } from "./files.ts";
import { sessionIdleMs } from "./limits.ts";
import { Registry } from "./registry.ts";

/** Where names without a catalog or schema are looked up. DuckDB's other settings are locked, or not of one session. */
type OptionName = "catalog" | "schema";
type Options = Map<OptionName, string>;

// Flight.proto suggests the name.
const cookieName = "arrow_flight_session_id";

/** Sessions: options that go with a cookie. Ended by CloseSession, or after 30 minutes without a call. */
export class Sessions {
  readonly #registry: Registry<Options> = new Registry({ what: "session", idleMs: sessionIdleMs, limit: 10_000 });

  /** Makes the options of the call's session, if it has one, those of a connection. */
  async apply(connection: DuckDBConnection, call: Call): Promise<void> {
    const options = this.#find(call)?.options;
    if (options && options.size > 0) await use(connection, options);
  }

  async set(
    { sessionOptions }: SetSessionOptionsRequest,
    call: Call,
    connection: DuckDBConnection,
  ): Promise<SetSessionOptionsResult> {
    const { options } = this.#find(call) ?? this.#make(call);
    const errors = new Map<string, Refusal>();
    for (const [name, { optionValue }] of Object.entries(sessionOptions)) {
      if (name !== "catalog" && name !== "schema") errors.set(name, Refusal.INVALID_NAME);
      // Flight.proto: a value without any of its kinds erases the option.
      else if (optionValue.case === undefined) options.delete(name);
      else if (optionValue.case !== "stringValue") errors.set(name, Refusal.INVALID_VALUE);
    }
    // A schema may be one of the catalog that comes with it.
    for (const name of ["catalog", "schema"] as const) {
      const value = sessionOptions[name]?.optionValue;
      if (value?.case !== "stringValue") continue;
      const changed = new Map(options).set(name, value.value);
      if (name === "catalog" && sessionOptions.schema !== undefined) changed.delete("schema");
      const fits = await use(connection, changed).then(
        () => true,
        () => false,
      );
      if (fits) options.set(name, value.value);
      else errors.set(name, Refusal.INVALID_VALUE);
    }
    return create(SetSessionOptionsResultSchema, {
      errors: Object.fromEntries(
        [...errors].map(([name, value]) => [name, create(SetSessionOptionsResult_ErrorSchema, { value })]),
      ),
    });
  }

  get(call: Call): GetSessionOptionsResult {
    const options = this.#find(call)?.options ?? new Map<OptionName, string>();
    return create(GetSessionOptionsResultSchema, {
      sessionOptions: Object.fromEntries(
        [...options].map(([name, value]) => [
          name,
          create(SessionOptionValueSchema, { optionValue: { case: "stringValue", value } }),
        ]),
      ),
    });
  }

  end(call: Call): CloseSessionResult {
    const found = this.#find(call);
    if (found) this.#registry.take(found.id);
    call.responseHeader.append("set-cookie", `${cookieName}=; Path=/; Max-Age=0`);
    const { CLOSED, NOT_CLOSEABLE } = CloseSessionResult_Status;
    return create(CloseSessionResultSchema, { status: found ? CLOSED : NOT_CLOSEABLE });
  }

  close(): void {
    this.#registry.close();
  }

  #find({ requestHeader }: Call): { id: Uint8Array; options: Options } | undefined {
    const cookies = (requestHeader.get("cookie") ?? "").split(/[;,]\s*/);
    const text = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
    if (!text || !/^[0-9a-f]{32}$/.test(text)) return undefined;
    const id = Buffer.from(text, "hex");
    const options = this.#registry.find(id);
    return options && { id, options };
  }

  #make(call: Call): { id: Uint8Array; options: Options } {
    const options: Options = new Map();
    const id = this.#registry.add(options);
    const value = Buffer.from(id).toString("hex");
    call.responseHeader.append("set-cookie", `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Lax`);
    return { id, options };
  }
}

async function use(connection: DuckDBConnection, options: Options): Promise<void> {
  const catalog = options.get("catalog") ?? (await currentCatalog(connection));
  const schema = options.get("schema");
  await connection.run(`USE ${identifier(catalog)}${schema === undefined ? "" : `.${identifier(schema)}`}`);
}

async function currentCatalog(connection: DuckDBConnection): Promise<string> {
  const [row] = (await connection.runAndReadAll("SELECT current_database()")).getRows();
  return String(row![0]);
}
