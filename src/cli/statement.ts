import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ParameterSet, ParameterValue } from "../node.ts";
import { type TextOption, type TextsOption, UsageError } from "./command.ts";

/** How a statement and its parameters are given. */
export const statementOptions: {
  readonly file: TextOption;
  readonly param: TextsOption;
  readonly params: TextOption;
} = {
  file: { type: "string", short: "f" },
  param: { type: "string", short: "p", multiple: true },
  params: { type: "string" },
};

export const statementHelp = `Statement: the argument, or standard input when that is - or left out
  -f, --file FILE         reads it from a file
  -p, --param VALUE       a parameter by position; repeatable. A JSON number, true, false, null or "text in quotes" is
                          taken as that, all else is text
  -p, --param NAME=VALUE  a parameter by name
      --params JSON       all of them: '[1, "a", null]' or '{"id": 1}'; whole numbers keep all digits`;

interface Values {
  readonly file?: string | undefined;
  readonly param?: readonly string[] | undefined;
  readonly params?: string | undefined;
}

/** `-p -1` is a value and no option. */
export function withNegatives(args: readonly string[]): string[] {
  const out: string[] = [];
  for (const arg of args) {
    const before = out.at(-1);
    if ((before === "-p" || before === "--param") && /^-[\d.]/.test(arg) && !out.includes("--")) {
      out[out.length - 1] = `--param=${arg}`;
    } else out.push(arg);
  }
  return out;
}

/** The statement: of the argument, the file or standard input. */
export async function readSql(positionals: readonly string[], { file }: Values): Promise<string> {
  const [argument] = positionals;
  if (positionals.length > 1) throw new UsageError("one statement at a time: put it in quotes");
  if (file !== undefined && argument !== undefined) throw new UsageError("give a statement or --file, not both");
  const sql =
    file !== undefined
      ? readFileSync(file, "utf8")
      : argument !== undefined && argument !== "-"
        ? argument
        : await readInput(argument);
  const text = sql.replace(/^\ufeff/, "").trim();
  if (text === "") throw new UsageError("the statement is empty");
  // A server would quote it, with the password that may be in it.
  if (/^[a-z+]+:\/\/\S*$/i.test(text)) throw new UsageError("the statement is a url: give that as --url");
  return text;
}

async function readInput(argument: string | undefined): Promise<string> {
  if (process.stdin.isTTY && argument === undefined) {
    throw new UsageError("which statement? Give it as an argument, with --file, or on standard input");
  }
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** The parameters; undefined when there are none, as a statement without any need not be prepared. */
export function readParameters({ param, params }: Values): ParameterSet | undefined {
  if (params !== undefined) {
    if (param !== undefined) throw new UsageError("give parameters as --param or --params, not both");
    return readJson(params);
  }
  if (param === undefined) return undefined;
  const named = param.map((text) => /^([$:@]?[A-Za-z_]\w*)=(.*)$/s.exec(text));
  if (named.every((match) => match === null)) return param.map(readValue);
  if (named.includes(null)) {
    throw new UsageError("some parameters have a name and some have none; for a text with = in it, use --params");
  }
  return Object.fromEntries(named.map((match) => [match![1]!, readValue(match![2]!)]));
}

function readValue(text: string): ParameterValue {
  if (!/^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|"(.*)")$/s.test(text)) return text;
  try {
    return parseExact(text) as ParameterValue;
  } catch {
    return text;
  }
}

function readJson(text: string): ParameterSet {
  let value: unknown;
  try {
    value = parseExact(text);
  } catch {
    // JSON.parse quotes what it was given, and values are nobody's business.
    throw new UsageError("--params is not JSON");
  }
  if (typeof value !== "object" || value === null) throw new UsageError("--params wants a JSON array or object");
  return value as ParameterSet;
}

/** JSON, whose integers beyond 2^53 become bigints: JSON.parse rounds them. */
function parseExact(text: string): unknown {
  // Random, so that no text can be mistaken for a marked number.
  const mark = `${randomUUID()}:`;
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? JSON.stringify(mark + token) : token,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}
