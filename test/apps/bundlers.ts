import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bin, freshApp, home, run } from "./home.ts";

type Target = "browser" | "node";

/** What builds the app in the folder where it is called, into `./browser` or `./node`, and prints nothing but warnings. */
const commands: Readonly<Record<string, Readonly<Record<Target, readonly [string, ...string[]]>>>> = {
  vite: {
    browser: [bin("vite"), "build", "--outDir", "browser", "--logLevel", "warn", "--sourcemap"],
    node: [bin("vite"), "build", "--outDir", "node", "--logLevel", "warn", "--sourcemap", "--ssr", "service.js"],
  },
  webpack: {
    browser: [process.execPath, "webpack.js", "browser"],
    node: [process.execPath, "webpack.js", "node"],
  },
  esbuild: {
    browser: [...esbuild("browser"), "--splitting", "--minify"],
    node: [...esbuild("service"), "--platform=node", "--target=node20", "--external:@duckdb/node-api"],
  },
};

function esbuild(entry: string): [string, ...string[]] {
  const outdir = entry === "service" ? "node" : "browser";
  const common = ["--bundle", "--format=esm", "--sourcemap", "--log-level=warning", `--outdir=${outdir}`];
  return [bin("esbuild"), `${entry}.js`, ...common];
}

export const bundlers: readonly string[] = Object.keys(commands);

/** An app as a bundler has made it. */
export interface Built {
  /** Where its files are. */
  readonly folder: string;
  /** What the bundler had to say. */
  readonly printed: string;
  /** All JavaScript of it. */
  readonly code: string;
  /** The files that it was made of, as its source maps name them. */
  readonly inputs: readonly string[];
}

/** Makes a fresh app and builds it. */
export async function buildApp(bundler: string, target: Target): Promise<Built> {
  const app = freshApp(`${bundler}-${target}`);
  const [command, ...args] = commands[bundler]![target];
  const printed = await run(command, args, app);
  const folder = join(app, target);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  // Only Vite begins at the page.
  if (target === "browser" && !files.includes("index.html"))
    copyFileSync(join(app, "index.html"), join(folder, "index.html"));
  const read = (ending: RegExp): [string, string][] =>
    files.filter((path) => ending.test(path)).map((path) => [path, readFileSync(join(folder, path), "utf8")]);
  const inputs = read(/\.map$/).flatMap(([path, text]) => {
    const { sources } = JSON.parse(text) as { sources: string[] };
    return sources.map((source) => resolve(dirname(join(folder, path)), source));
  });
  return {
    folder,
    printed,
    code: read(/\.js$/)
      .map(([, text]) => text)
      .join("\n"),
    inputs,
  };
}

/** Those of an app's files that are neither its own nor from the packages installed beside it. */
export function foreign({ inputs }: Built): string[] {
  return inputs.filter((path) => !path.startsWith(home));
}
