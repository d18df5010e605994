// Typed starters of the servers that `node test/interop/install.mjs` installs. All bind 127.0.0.1 but one (startIntegration).

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Certificate, selfSigned } from "./certificate.ts";
import { type EnvoyConfig, type EnvoyListener, envoyConfig } from "./envoy.ts";
import { freePort, launch, launchOn, type Running } from "./process.ts";

export type { Running } from "./process.ts";

const home = fileURLToPath(new URL("../../.cache/interop/", import.meta.url)); // install.mjs fills it
const go = (name: string): string => join(home, "bin", name);
const python = (name: string): string => join(home, "venv/bin", name);

/** arrow-go's SQLite example: intTable and foreignTable with 4 rows each. A column type it does not know ends it. */
export function startSqlite(): Promise<Running> {
  return launch({
    command: go("sqlite_flightsql_server"),
    args: ["-host", "127.0.0.1", "-port", "0"],
    ready: /Server on \S+?:(\d+)/,
  });
}

/** The scenarios of Arrow's integration suite that arrow-go's server knows. */
export const integrationScenarios = [
  "",
  "auth:basic_proto",
  "middleware",
  "ordered",
  "expiration_time:do_get",
  "expiration_time:list_actions",
  "expiration_time:cancel_flight_info",
  "expiration_time:renew_flight_endpoint",
  "location:reuse_connection",
  "poll_flight_info",
  "app_metadata_flight_info_endpoint",
  "session_options",
  "flight_sql",
  "flight_sql:extension",
  "flight_sql:ingestion",
] as const;
export type IntegrationScenario = (typeof integrationScenarios)[number];

/** arrow-go's integration server with one scenario; "" is the default mode. It binds all interfaces and cannot be told not to. */
export function startIntegration(scenario: IntegrationScenario): Promise<Running> {
  return launch({
    command: go("arrow-flight-integration-server"),
    args: ["-port", "0", ...(scenario === "" ? [] : ["-scenario", scenario])],
    ready: /Server listening on \S+?:(\d+)/,
  });
}

/** Envoy with one plaintext listener (HTTP/1.1 for browsers, plain gRPC too) or also a TLS one (HTTP/2). */
export interface RunningEnvoy extends Running {
  /** https://127.0.0.1:PORT, with `tls: true`; trusted by who takes `certificate.cert` as its CA. */
  readonly tlsUrl?: string;
  readonly certificate?: Certificate;
}

export interface EnvoyOptions extends Pick<EnvoyConfig, "upstreamPort" | "metadata"> {
  tls?: boolean;
}

/** Envoy in front of a plaintext gRPC server on 127.0.0.1, with the configuration the README prints. */
export async function startEnvoy({ tls = false, ...config }: EnvoyOptions): Promise<RunningEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), "flightsql-envoy-"));
  const file = (name: string): string => join(folder, name);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const certificate = tls ? selfSigned() : undefined;
    if (certificate !== undefined) {
      await writeFile(file("cert.pem"), certificate.cert);
      await writeFile(file("key.pem"), certificate.key);
    }
    const port = await freePort();
    const tlsPort = await freePort();
    const listeners: EnvoyListener[] = [{ port }];
    if (tls) listeners.push({ port: tlsPort, tls: { cert: file("cert.pem"), key: file("key.pem") } });
    await writeFile(file("envoy.yaml"), envoyConfig({ ...config, listeners }));
    const running = await launch({
      command: python("envoy"),
      // No hot restart (its shared memory is one per machine), and one worker thread: two cores are all there is.
      args: ["-c", file("envoy.yaml"), "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"],
      ready: port,
      scheme: "http",
    });
    const stop = (): Promise<void> => running.stop().then(remove);
    return { ...running, stop, ...(certificate && { certificate, tlsUrl: `https://127.0.0.1:${tlsPort}` }) };
  } catch (error) {
    await remove();
    throw error;
  }
}

export interface PyarrowOptions {
  /** The script: pyarrow_server.py unless given. It prints `listening on 127.0.0.1:PORT`. */
  script?: string;
  /** "basic": an Authorization header, answered by a bearer; "handshake": the older payload. See pyarrowLogin. */
  auth?: "none" | "basic" | "handshake";
  /** Serves TLS with this certificate. */
  tls?: Certificate;
  /** Asks clients for a certificate that this one (PEM) vouches for; only with `tls`. */
  clientCa?: string;
}

/** What pyarrow_server.py lets in with `auth`. */
export const pyarrowLogin = { username: "flight", password: "password", token: "token-of-flight" } as const;

/** Our Flight server over Arrow's C++ implementation; pyarrow_data.py lists the statements it answers. */
export async function startPyarrow(options: PyarrowOptions = {}): Promise<Running> {
  const {
    script = fileURLToPath(new URL("pyarrow_server.py", import.meta.url)),
    auth = "none",
    tls,
    clientCa,
  } = options;
  const folder = await mkdtemp(join(tmpdir(), "flightsql-pyarrow-"));
  const args = [script, "--auth", auth];
  const pass = async (flag: string, text: string | undefined): Promise<void> => {
    if (text === undefined) return;
    const path = join(folder, `${flag.slice(2)}.pem`);
    await writeFile(path, text);
    args.push(flag, path);
  };
  try {
    await pass("--tls-cert", tls?.cert);
    await pass("--tls-key", tls?.key);
    await pass("--client-ca", clientCa);
    return await launch({
      command: python("python"),
      args,
      ready: /listening on 127\.0\.0\.1:(\d+)/,
      scheme: tls === undefined ? "grpc" : "grpc+tls",
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    });
  } finally {
    await rm(folder, { recursive: true, force: true }); // read by now
  }
}

export interface RoapiOptions {
  /** Table name → path of a Parquet, CSV or JSON file. */
  tables: Readonly<Record<string, string>>;
  auth?: { username: string; password: string } | { token: string };
}

/** roapi: DataFusion over files, read only. */
export async function startRoapi({ tables, auth }: RoapiOptions): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "flightsql-roapi-"));
  const config = join(folder, "roapi.yaml");
  const login = auth === undefined ? {} : "token" in auth ? { auth_token: auth.token } : { auth_basic: auth };
  const http = await freePort(); // it insists on all three protocols
  const postgres = await freePort();
  try {
    // JSON is YAML
    await writeFile(
      config,
      JSON.stringify({
        tables: Object.entries(tables).map(([name, uri]) => ({ name, uri })),
        ...(auth && { flight_sql_config: login }),
      }),
    );
    return await launchOn((port) => ({
      command: python("roapi"),
      args: ["-c", config, "--addr-flight-sql", `127.0.0.1:${port}`, "--addr-http", `127.0.0.1:${http}`].concat([
        "--addr-postgres",
        `127.0.0.1:${postgres}`,
      ]),
      ready: port,
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sail: Spark SQL over Flight SQL. */
export function startSail(): Promise<Running> {
  return launchOn((port) => ({
    command: python("sail"),
    args: ["flight", "server", "--ip", "127.0.0.1", "--port", String(port)],
    // It keeps its tables in a folder of the one it is started in.
    cwd: home,
    ready: port,
  }));
}
