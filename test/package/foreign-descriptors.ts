import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

// Descriptors that implementations of others carry. They are fetched with the ordinary clients of their languages into
// the ignored .cache, and only the descriptors are kept there: nothing of theirs becomes part of this project.

const run = promisify(execFile);
const cache = fileURLToPath(new URL("../../.cache/foreign-descriptors/", import.meta.url));

const pythonPackage = "flightsql-dbapi==0.2.2";
const goModule = "github.com/apache/arrow-go/v18@v18.8.0";

/** FlightSql.proto as the Python client flightsql-dbapi carries it. Rejects when Python, pip or the registry is missing. */
export async function pythonFlightSql(): Promise<FileDescriptorProto> {
  return await cached("flightsql-dbapi-0.2.2.binpb", async (work) => {
    const pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", work];
    await run("python3", [...pip, "--only-binary=:all:", pythonPackage], { timeout: 120_000 });
    const wheel = readdirSync(work).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) throw new Error(`pip downloaded no wheel for ${pythonPackage}`);
    const { stdout } = await run("python3", ["-c", readPb2, join(work, wheel)], { timeout: 30_000 });
    return Buffer.from(stdout.trim(), "base64");
  });
}

/** One of arrow-go's two files, `Flight` or `FlightSql`. Rejects when Go or the module proxy is missing. */
export async function goFile(name: "Flight" | "FlightSql"): Promise<FileDescriptorProto> {
  return await cached(`arrow-go-18.8.0-${name}.binpb`, async (work) => {
    const inside = { GOMODCACHE: join(work, "mod"), GOCACHE: join(work, "build"), GOFLAGS: "-modcacherw" };
    const { stdout } = await run("go", ["mod", "download", "-json", goModule], {
      cwd: work,
      env: { ...process.env, ...inside, GOTOOLCHAIN: "local" },
      timeout: 300_000,
    });
    const { Dir } = JSON.parse(stdout) as { Dir: string };
    const source = readFileSync(join(Dir, "arrow/flight/gen/flight", `${name}.pb.go`), "utf8");
    return readRawDesc(source, `file_${name}_proto_rawDesc`);
  });
}

async function cached(file: string, fetch: (work: string) => Promise<Uint8Array>): Promise<FileDescriptorProto> {
  const kept = join(cache, file);
  if (!existsSync(kept)) {
    const work = join(cache, `${file}.work`);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    try {
      const bytes = await fetch(work);
      // Only what parses as the right thing is kept: a bad file would be believed ever after.
      const { name } = fromBinary(FileDescriptorProtoSchema, bytes);
      if (!/flight(sql)?\.proto$/i.test(name)) throw new Error(`what was found for ${file} is no Flight descriptor`);
      writeFileSync(kept, bytes);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return fromBinary(FileDescriptorProtoSchema, readFileSync(kept));
}

// Generated Python hands its descriptor to AddSerializedFile as one bytes literal. Reading the syntax tree needs no
// protobuf package and runs nothing of theirs.
const readPb2 = `
import ast, base64, sys, zipfile
tree = ast.parse(zipfile.ZipFile(sys.argv[1]).read("flightsql/flightsql_pb2.py"))
calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "AddSerializedFile"]
print(base64.b64encode(calls[0].args[0].value).decode())
`;

// Generated Go keeps its descriptor in a variable: a list of byte values in older files, quoted strings in newer ones.
function readRawDesc(source: string, variable: string): Uint8Array {
  const assignment = new RegExp(`(?:var|const) ${variable} = `).exec(source);
  if (assignment === null) throw new Error(`no ${variable} in the generated Go`);
  const text = source.slice(assignment.index + assignment[0].length);
  if (text.startsWith("[]byte{")) {
    return Uint8Array.from(text.slice(0, text.indexOf("}")).match(/0x[0-9a-f]{2}/g) ?? [], Number);
  }
  const literals = text.match(/^"(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*/)?.[0] ?? "";
  const parts = literals.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return Buffer.concat(parts.map((part) => goString(part.slice(1, -1))));
}

const escapes: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 };

function goString(text: string): Uint8Array {
  const parts = text.match(/\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\.|[^\\]+/g) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (!part.startsWith("\\")) return Buffer.from(part);
      if (part[1] === "x") return Buffer.of(Number.parseInt(part.slice(2), 16));
      if (part[1] === "u") return Buffer.from(String.fromCodePoint(Number.parseInt(part.slice(2), 16)));
      const byte = escapes[part[1] ?? ""];
      if (byte === undefined) throw new Error(`unknown escape ${part} in a Go string`);
      return Buffer.of(byte);
    }),
  );
}
