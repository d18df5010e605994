import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { type ClientOptions, FlightSqlClient, type TlsOptions } from "../node.ts";
import { type SwitchOption, type TextOption, type TextsOption, UsageError } from "./command.ts";
import { keepSecret } from "./failure.ts";
import { readServerUrl, type ServerUrl } from "./url.ts";

/** What every command that calls a server takes. */
export const connectionOptions: Readonly<Record<Setting | "timeout" | "env-file", TextOption>> & {
  readonly header: TextsOption;
  readonly "tls-skip-verify": SwitchOption;
} = {
  url: { type: "string", short: "u" },
  token: { type: "string" },
  username: { type: "string" },
  password: { type: "string" },
  database: { type: "string", short: "d" },
  header: { type: "string", short: "H", multiple: true },
  timeout: { type: "string" },
  "tls-ca": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "tls-server-name": { type: "string" },
  "tls-skip-verify": { type: "boolean" },
  "env-file": { type: "string" },
};

export const connectionHelp = `Server
  -u, --url URL           grpc://host:port (plaintext), grpc+tls://host:port, grpc+unix:///path, or http(s)://host for
                          gRPC-Web; also grpc+tls://user:password@host:port?database=name
      --token TOKEN       bearer token
      --username NAME     with --password: traded for a token at the first call
      --password PASSWORD
  -d, --database NAME     sent with every call as the header "database" (InfluxDB 3 wants it)
  -H, --header NAME=VALUE sent with every call; repeatable
      --timeout SECONDS   limit for each call, from its start to its last row
      --tls-ca FILE       trusts this authority (PEM) instead of the system's
      --tls-cert FILE     client certificate (PEM), with --tls-key FILE
      --tls-server-name N name expected in the server's certificate
      --tls-skip-verify   takes any certificate
      --env-file FILE     reads the variables below from a file of NAME=value lines

Environment: FLIGHTSQL_URL, FLIGHTSQL_TOKEN, FLIGHTSQL_USERNAME, FLIGHTSQL_PASSWORD, FLIGHTSQL_DATABASE,
FLIGHTSQL_TLS_CA, FLIGHTSQL_TLS_CERT, FLIGHTSQL_TLS_KEY, FLIGHTSQL_TLS_SERVER_NAME. An option goes before the url's
own user and database, these before the environment, and that before the file. Other users of the machine can see
options, but not the environment: keep secrets there.`;

type Values = {
  readonly [K in keyof typeof connectionOptions]?: string | boolean | string[] | undefined;
};

/** The client's options out of the command line, the url, the environment and its file. */
export function clientOptions(values: Values): ClientOptions {
  const levels = levelsOf(values);
  const find = (name: Setting): string | undefined => levels.find((level) => level[name] !== undefined)?.[name];
  const given = find("url");
  if (given === undefined) {
    throw new UsageError("which server? Give --url grpc://host:port, or set FLIGHTSQL_URL");
  }
  const url = readServerUrl(given);
  // Behind the options, before the environment.
  levels.splice(1, 0, { ...url, database: undefined });
  for (const level of levels) for (const name of ["token", "password"] as const) keepSecret(level[name]);
  const metadata = { ...url.headers, ...headers(values.header as string[] | undefined) };
  const database = levels[0]?.database ?? url.headers.database ?? find("database");
  for (const [name, value] of Object.entries(metadata)) if (secretHeader.test(name)) keepSecret(value);
  return {
    url: url.url,
    ...credentials(levels),
    metadata: { ...metadata, ...(database !== undefined && { database }) },
    timeoutMs: timeoutMs(values.timeout as string | undefined),
    tls: tls(url, find, values),
  };
}

export function connect(values: Values): FlightSqlClient {
  return new FlightSqlClient(clientOptions(values));
}

const secretHeader = /auth|token|key|secret|cookie|password/i;

const settings = [
  "url",
  "token",
  "username",
  "password",
  "database",
  "tls-ca",
  "tls-cert",
  "tls-key",
  "tls-server-name",
] as const;
type Setting = (typeof settings)[number];
type Level = { readonly [K in Setting]?: string | undefined };

/** Where settings come from, first those that go before the others. */
function levelsOf(values: Values): Level[] {
  const file = values["env-file"] as string | undefined;
  return [
    values as Level,
    fromEnvironment(process.env),
    ...(file === undefined ? [] : [fromEnvironment(readEnv(file))]),
  ];
}

function fromEnvironment(variables: NodeJS.Dict<string>): Level {
  // An empty variable is how one unsets it for a single command.
  return Object.fromEntries(
    settings.map((name) => [name, variables[`FLIGHTSQL_${name.toUpperCase().replaceAll("-", "_")}`] || undefined]),
  );
}

/** One kind of credentials: a token and a login of different levels do not mix. */
function credentials(levels: readonly Level[]): Pick<ClientOptions, "token" | "username" | "password"> {
  const at = levels.findIndex(({ token, username }) => token !== undefined || username !== undefined);
  const level = levels[at];
  if (level === undefined) return {};
  if (level.token !== undefined && level.username !== undefined) {
    throw new UsageError("give either a token or a user with a password, not both");
  }
  if (level.username === undefined) return { token: level.token };
  const password = levels.slice(at).find((lower) => lower.password !== undefined)?.password;
  if (password === undefined) throw new UsageError("--username wants a --password, or FLIGHTSQL_PASSWORD");
  return { username: level.username, password };
}

function headers(given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf("=");
      // Not quoted: it may be a secret.
      if (at < 1) throw new UsageError("--header wants NAME=VALUE");
      return [text.slice(0, at).toLowerCase(), text.slice(at + 1)];
    }),
  );
}

function timeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!(seconds > 0)) throw new UsageError("--timeout wants a number of seconds above 0");
  return seconds * 1000;
}

function tls({ url }: ServerUrl, find: (name: Setting) => string | undefined, values: Values): TlsOptions | undefined {
  // A variable may be set for another server and does no harm; an option that does nothing would be a surprise.
  if (!/^grpc\+tls:/i.test(url)) {
    if (Object.keys(values).some((name) => name.startsWith("tls-"))) {
      throw new UsageError("the --tls options are for grpc+tls:// servers");
    }
    return undefined;
  }
  const files = { ca: find("tls-ca"), cert: find("tls-cert"), key: find("tls-key") };
  const serverName = find("tls-server-name");
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new UsageError("--tls-cert and --tls-key go together");
  }
  return {
    ...Object.fromEntries(Object.entries(files).map(([name, path]) => [name, path && read(path)])),
    serverName,
    ...(values["tls-skip-verify"] === true && { rejectUnauthorized: false }),
  };
}

function readEnv(path: string): NodeJS.Dict<string> {
  return parseEnv(read(path));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}
